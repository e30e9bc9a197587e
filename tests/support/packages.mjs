// Plugins for tests that go the way of a merchant: packed, signed, installed by the program.
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { merx, root } from "../scenario/support/server.mjs";

export const ID = "acme.less";

// Leaves every price as it is, in as many words.
export const HARMLESS = `return { price = function(input)
  local ops = {}
  for i, line in ipairs(input.lines) do ops[i] = { op = "set_unit", line = line.id, amount = line.unit, reason = { "less" } } end
  return ops
end }
`;
export const CHEAPER = HARMLESS.replace("amount = line.unit", "amount = line.unit - 100");
export const BROKEN = `return { price = function() error("it is broken") end }\n`;

const manifest = (version, changes) => JSON.stringify({
  manifest: 1, id: ID, version, name: "A little less", license: "MIT", engine: ">=0.1 <1", api: { price_rule: 1 },
  contributes: { locales: ["en"], price_rules: [{ id: "less", handler: "rules:price", input: ["lines[].id", "lines[].unit"] }] },
  ...changes,
});

// merx plugin …: with another ending than those in `ok` it throws.
export async function plugin(args, { data, env, ok = [0] } = {}) {
  const result = await merx(["plugin", ...args, ...(data ? ["--data", data] : []), "--share", root], { env });
  if (!ok.includes(result.signal ?? result.code)) {
    throw new Error(`merx plugin ${args.join(" ")}: ${result.signal ?? result.code}\n${result.stdout}${result.stderr}`);
  }
  return result;
}

// Lays the folder of a plugin.
export async function lay(folder, version, source, changes = {}) {
  for (const inner of ["src", "locales"]) await mkdir(join(folder, inner), { recursive: true });
  await writeFile(join(folder, "plugin.json"), manifest(version, changes));
  await writeFile(join(folder, "src/rules.lua"), source);
  await writeFile(join(folder, "locales/en.json"), '{"less":"A little less"}');
}

// Signed packages by version, and the publisher's keys: { key, secret, "1.0.0": path, … }.
export async function make_packages(t, sources) {
  const folder = await t.folder();
  const made = { key: join(folder, "acme.pub"), secret: join(folder, "acme.key") };
  await plugin(["keygen", "--no-password", join(folder, "acme")]);
  for (const [version, source] of Object.entries(sources)) {
    await lay(join(folder, version), version, source);
    made[version] = join(folder, `${version}.tar`);
    await plugin(["pack", "-o", made[version], join(folder, version)]);
    await plugin(["sign", "-s", made.secret, made[version]]);
  }
  return made;
}

// The version that is installed and fit, or "none".
export async function installed(data) {
  const list = JSON.parse((await plugin(["list", "--json"], { data })).stdout);
  const found = list.find((entry) => entry.id === ID);
  if (found && found.state !== "enabled") throw new Error(`${ID} is ${found.state}: ${found.problem}`);
  return found?.version ?? "none";
}

// Whether stock minisign takes a signature; undefined when the program is not there.
export function stock_minisign_takes(path, key) {
  return new Promise((resolve) => {
    execFile("minisign", ["-Vqm", path, "-p", key], (error) => resolve(error?.code === "ENOENT" ? undefined : !error));
  });
}
