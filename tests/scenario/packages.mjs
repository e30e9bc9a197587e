// The way of a plugin from its author to a shop: packed, signed, verified, installed, replaced and taken away.
import assert from "node:assert/strict";
import { chown, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { new_shop, start } from "../fault/support/shop.mjs";
import { CHEAPER, HARMLESS, ID, installed, lay, make_packages, plugin, stock_minisign_takes } from "../support/packages.mjs";
import { Shopper } from "../support/shopper.mjs";
import { merx, root } from "./support/server.mjs";
import { test } from "./support/test.mjs";

const json = async (args, options) => JSON.parse((await plugin([...args, "--json"], options)).stdout);

test("every subcommand tells how it is used, with examples", async () => {
  const names = (await readdir(join(root, "lua/cli/plugin"))).filter((name) => name.endsWith(".lua")).map((name) => name.slice(0, -4));
  const overview = (await plugin(["--help"])).stdout;
  for (const name of names) {
    assert.match(overview, new RegExp(`^  ${name} +\\S`, "m"));
    const { stdout } = await plugin([name, "--help"]);
    assert.match(stdout, new RegExp(`^usage: merx plugin ${name}`), stdout);
    assert.match(stdout, /\nexamples?:\n/, name);
  }
  assert.equal((await merx(["plugin", "instal", "--share", root])).code, 2);
});

test("a folder becomes the same package wherever it lies, and stock minisign takes its signature", async (t) => {
  const made = await make_packages(t, { "1.0.0": HARMLESS });
  const folder = join(await t.folder(), "elsewhere");
  await lay(folder, "1.0.0", HARMLESS);
  await plugin(["pack", "-o", `${folder}.tar`, folder]);
  assert.deepEqual(await readFile(`${folder}.tar`), await readFile(made["1.0.0"]));
  const view = await json(["verify", "-p", made.key, made["1.0.0"]]);
  assert.equal(view.id, ID);
  assert.deepEqual(view.asks, []);
  const taken = await stock_minisign_takes(made["1.0.0"], made.key);
  if (taken === undefined) console.log("skip minisign is not installed: nothing is compared with the stock program");
  else assert.equal(taken, true);
  await writeFile(made["1.0.0"], (await readFile(made["1.0.0"], "latin1")).replace("line.unit", "line.Unit"), "latin1");
  const altered = await plugin(["verify", "-p", made.key, made["1.0.0"]], { ok: [5] });
  assert.match(altered.stderr, /the file was changed/);
});

test("a merchant installs, upgrades, goes back and takes away while the shop serves", async (t) => {
  const made = await make_packages(t, { "1.0.0": HARMLESS, "1.1.0": CHEAPER });
  const data = await new_shop(t);
  const server = await start(t, data);
  const shopper = new Shopper(server.port);
  await shopper.add("mug");
  const total = async () => (await shopper.visit("/cart")).text.match(/€\s?[\d.,]+|[\d.,]+\s?€/g).join(" ");
  const before = await total();

  const strange = await plugin(["install", made["1.0.0"]], { data, ok: [5] });
  assert.match(strange.stderr, /not trusted for acme/);
  const unknown = await plugin(["verify", made["1.0.0"]], { data, ok: [5] });
  assert.match(unknown.stderr, /no key of acme is trusted here: name it with -p KEY/);
  assert.equal((await json(["trust", "acme", made.key], { data })).publisher, "acme");
  assert.equal((await json(["verify", made["1.0.0"]], { data })).id, ID);
  const first = await json(["install", made["1.0.0"]], { data });
  assert.deepEqual([first.dry_run, first.handlers, first.carts.looked, first.carts.changed], [false, 1, 1, 0]);

  const dry = await json(["upgrade", "--dry-run", made["1.1.0"]], { data });
  assert.deepEqual([dry.dry_run, dry.carts.changed, dry.carts.examples.length], [true, 1, 1]);
  assert.equal(dry.carts.examples[0].before - dry.carts.examples[0].after > 0, true);
  assert.equal(await installed(data), "1.0.0");
  assert.equal(await total(), before);

  await plugin(["upgrade", made["1.1.0"]], { data });
  assert.notEqual(await total(), before, "the next request sees the new price");
  for (const verb of ["disable", "uninstall"]) {
    const without = await json([verb, "--dry-run", ID], { data });
    assert.deepEqual([without.dry_run, without.carts.looked, without.carts.changed], [true, 1, 1], verb);
    assert.equal(await installed(data), "1.1.0");
  }
  await plugin(["rollback"], { data });
  assert.equal(await total(), before, "and the old one again");
  await plugin(["upgrade", made["1.0.0"]], { data, ok: [5] });
  await plugin(["uninstall", ID], { data });
  assert.equal(await installed(data), "none");
  assert.equal((await json(["rollback", "--list"], { data })).length, 4);
  shopper.close();
});

test("what nobody signed is shown as unsigned for ever", async (t) => {
  const data = await new_shop(t);
  const folder = join(await t.folder(), "less");
  await lay(folder, "1.0.0", HARMLESS);
  await plugin(["pack", "-o", `${folder}.tar`, folder]);
  const refused = await plugin(["install", `${folder}.tar`], { data, ok: [5] });
  assert.match(refused.stderr, /is not signed/);
  await plugin(["install", "--unsigned", `${folder}.tar`], { data });
  const list = await json(["list"], { data });
  assert.equal(list.find((entry) => entry.id === ID).unsigned, true);
  assert.match((await plugin(["list"], { data })).stdout, /acme\.less.*UNSIGNED/);
  assert.match((await plugin(["info", ID], { data })).stdout, /UNSIGNED/);
  assert.match((await merx(["doctor", "--data", data, "--share", root])).stdout, /nobody vouches for: acme\.less/);
});

test("what belongs to another user is not written to", async (t) => {
  if (process.getuid() !== 0) t.skip("only root can give a folder away");
  const made = await make_packages(t, { "1.0.0": HARMLESS });
  const data = await new_shop(t);
  await plugin(["trust", "acme", made.key], { data });
  await chown(data, 12345, 12345);
  const refused = await plugin(["install", made["1.0.0"]], { data, ok: [71] });
  assert.match(refused.stderr, /belongs to another user/);
});

test("a shop starts without its plugins when it is told so", async (t) => {
  const made = await make_packages(t, { "1.0.0": CHEAPER });
  const data = await new_shop(t);
  await plugin(["trust", "acme", made.key], { data });
  await plugin(["install", made["1.0.0"]], { data });
  const server = await start(t, data, { args: ["--safe"] });
  const reply = await fetch(`${server.url}/`);
  assert.equal(reply.status, 200);
});

test("a version with new tables takes over without a moment in which there is none", async (t) => {
  const data = await new_shop(t);
  const server = await start(t, data);
  const folder = join(await t.folder(), "less");
  for (const [version, migration] of [["1.0.0", "0001_begin.sql"], ["1.1.0", "0002_more.sql"]]) {
    await lay(folder, version, HARMLESS, { capabilities: { tables: true }, migrations: "migrations" });
    await mkdir(join(folder, "migrations"), { recursive: true });
    await writeFile(join(folder, "migrations", migration), `CREATE TABLE p_acme_less_t${version[2]} (id INTEGER PRIMARY KEY) STRICT;\n`);
    await plugin(["pack", "-o", `${folder}.tar`, folder]);
    const refused = await plugin([version === "1.0.0" ? "install" : "upgrade", "--unsigned", `${folder}.tar`], { data, ok: [0, 5] });
    if (version === "1.0.0") assert.match(refused.stderr, /tables of its own.*--grant/);
    if (refused.code === 5) await plugin(["install", "--unsigned", "--grant", `${folder}.tar`], { data });
    await fetch(`${server.url}/`);
    assert.equal(await installed(data), version);
  }
  assert.deepEqual(server.lines().filter((line) => line.level === "error"), []);
});

test("a merchant says who is asked first, and a running shop keeps to it", async (t) => {
  const data = await new_shop(t);
  const folder = await t.folder();
  for (const [id, amount] of [["acme.half", "line.unit // 2"], ["acme.less", "line.unit - 100"]]) {
    const source = HARMLESS.replace("amount = line.unit", `amount = ${amount}`);
    await lay(join(folder, id), "1.0.0", source, { id });
    await plugin(["pack", "-o", join(folder, `${id}.tar`), join(folder, id)]);
    await plugin(["install", "--unsigned", join(folder, `${id}.tar`)], { data });
  }
  const server = await start(t, data);
  const shopper = new Shopper(server.port);
  await shopper.add("mug");
  const total = async () => (await shopper.visit("/cart")).text.match(/€\s?[\d.,]+|[\d.,]+\s?€/g).join(" ");
  const before = await total();

  const dry = await json(["pin", "--dry-run", "acme.half", "after", "acme.less"], { data });
  assert.deepEqual([dry.dry_run, dry.carts.changed, dry.pins], [true, 1, [{ first: "acme.less", second: "acme.half" }]]);
  const done = await plugin(["pin", "acme.half", "after", "acme.less"], { data });
  assert.match(done.stdout, /^pin acme\.less before acme\.half\n1 of the last 1 cart would change\n(.*\n)*pinned, as generation \d+\n$/);
  assert.notEqual(await total(), before, "the next request has the new order");
  assert.match((await plugin(["list"], { data })).stdout, /^pinned: acme\.less before acme\.half$/m);
  assert.deepEqual((await json(["info", "acme.half"], { data })).pins, [{ first: "acme.less", second: "acme.half", absent: [] }]);
  assert.match((await plugin(["info", "acme.half"], { data })).stdout, /^pinned: acme\.less before acme\.half$/m);
  await plugin(["rollback"], { data });
  assert.equal(await total(), before, "going back takes the pin back");

  await plugin(["pin", "acme.less", "before", "acme.half"], { data });
  for (const [args, code, words] of [
    [["pin", "acme.less", "before", "acme.gone"], 3, /there is no plugin acme\.gone/],
    [["pin", "acme.half", "after", "acme.less"], 4, /is pinned already/],
    [["pin", "acme.half", "before", "merx.flat-tax"], 5, /never asked together/],
    [["pin", "acme.half", "beside", "acme.less"], 2, /write before or after, not "beside"/],
    [["unpin", "acme.half", "before", "acme.less"], 3, /is not pinned; these are: acme\.less before acme\.half/],
  ]) {
    const refused = await plugin(args, { data, ok: [code] });
    assert.match(refused.stderr, words);
  }
  await plugin(["unpin", "acme.half"], { data });
  assert.equal(await total(), before);
  assert.doesNotMatch((await plugin(["list"], { data })).stdout, /pinned/);
  shopper.close();
});

// Every piece has the same tax, included in its price.
const TAX = (ppm) => `return { price = function(input)
  local ops = {}
  for i, line in ipairs(input.lines) do ops[i] = { op = "tax", target = line.id, rate = "vat", ppm = ${ppm}, included = false } end
  return ops
end }
`;

test("a second tax provider is asked when the merchant binds it, and not before", async (t) => {
  const data = await new_shop(t);
  const folder = join(await t.folder(), "acme.vat");
  await lay(folder, "1.0.0", TAX(500_000), {
    id: "acme.vat", api: { tax_provider: 1 },
    contributes: { locales: ["en"], tax_providers: [{ id: "vat", handler: "rules:price", input: ["lines[].id"] }] },
  });
  await plugin(["pack", "-o", `${folder}.tar`, folder]);
  const server = await start(t, data);
  const shopper = new Shopper(server.port);
  await shopper.add("mug");
  const total = async () => (await shopper.visit("/cart")).text.match(/€\s?[\d.,]+|[\d.,]+\s?€/g).join(" ");
  const before = await total();

  const installed = await plugin(["install", "--unsigned", `${folder}.tar`], { data });
  assert.match(installed.stdout, /^tax_provider: merx\.flat-tax\/rate is asked, and acme\.vat\/vat is not; merx plugin bind tax_provider acme\.vat\/vat changes that$/m);
  assert.equal(await total(), before);
  assert.match((await plugin(["list"], { data })).stdout, /^bound: tax_provider to merx\.flat-tax\/rate$/m);
  assert.match((await plugin(["info", "acme.vat"], { data })).stdout, /not asked, another one is bound/);

  const dry = await json(["bind", "--dry-run", "tax_provider", "acme.vat"], { data });
  assert.deepEqual([dry.dry_run, dry.carts.changed, dry.bindings], [true, 1, { tax_provider: "acme.vat/vat" }]);
  assert.match((await plugin(["bind", "tax_provider", "acme.vat"], { data })).stdout, /bound, as generation \d+\n$/);
  assert.notEqual(await total(), before, "the next request asks the other");
  assert.deepEqual((await json(["info", "acme.vat"], { data })).bound, [{ slot: "tax_provider", handler: "acme.vat/vat" }]);
  await plugin(["bind", "tax_provider", "acme.vat/vat"], { data, ok: [4] });
  await plugin(["bind", "tax_provider", "acme.gone"], { data, ok: [3] });
  assert.match((await plugin(["bind", "search", "acme.vat"], { data, ok: [5] })).stderr, /there is no slot search; there are: tax_provider/);
  assert.match((await plugin(["uninstall", "acme.vat"], { data })).stdout, /tax_provider: merx\.flat-tax\/rate is asked from now on/);
  assert.equal(await total(), before);
  await plugin(["rollback"], { data });
  assert.notEqual(await total(), before, "going back binds as it was");
  shopper.close();
});
