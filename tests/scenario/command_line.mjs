// Options from five places, and what `merx` says to those who mistype.
import assert from "node:assert/strict";
import { watch } from "node:fs";
import { mkdir, readdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { new_shop } from "../fault/support/shop.mjs";
import { hello, merx, root } from "./support/server.mjs";
import { test } from "./support/test.mjs";

const explained = (text, name) => text.split("\n").find((line) => line.startsWith(`${name} `));

test("a flag beats the environment, that a file, that a credential, that the configuration, that the default", async (t) => {
  const folder = await t.folder();
  const config = join(folder, "merx.conf");
  const secret = join(folder, "secret");
  await writeFile(config, "# a comment\nidle_ms = 1111\nlog-level = \"warn\"\n\n; another\n");
  await writeFile(secret, "2222\n");
  await mkdir(join(folder, "credentials"));
  await writeFile(join(folder, "credentials", "merx.idle_ms"), "3333");
  const ask = async (args, env) => explained((await merx(["config", "--explain", ...args], { env })).stdout, "idle_ms");
  const layers = [
    [[], {}, /= 30000 .*from default/],
    [["--config", config], {}, /= 1111 .*from .*merx\.conf:2/],
    [["--config", config], { CREDENTIALS_DIRECTORY: join(folder, "credentials") }, /= 3333 .*credentials/],
    [["--config", config], { MERX_IDLE_MS_FILE: secret, CREDENTIALS_DIRECTORY: join(folder, "credentials") }, /= 2222 .*from MERX_IDLE_MS_FILE/],
    [["--config", config], { MERX_IDLE_MS: "4444", MERX_IDLE_MS_FILE: secret }, /= 4444 .*from MERX_IDLE_MS/],
    [["--config", config, "--idle-ms=5555"], { MERX_IDLE_MS: "4444" }, /= 5555 .*from --idle-ms/],
  ];
  for (const [args, env, wanted] of layers) assert.match(await ask(args, env), wanted);
  const level = explained((await merx(["config", "--explain", "--config", config])).stdout, "log_level");
  assert.match(level, /= warn /);
});

test("a wrong value is refused with its place", async (t) => {
  const config = join(await t.folder(), "merx.conf");
  const refused = async (args, env, wanted) => {
    const result = await merx(["config", ...args], { env });
    assert.equal(result.code, 2, result.stdout);
    assert.match(result.stderr, wanted);
  };
  await refused(["--idle-ms", "soon"], {}, /idle_ms must be a number from 100 to 3600000, not "soon" \(from --idle-ms\)/);
  await refused(["--log-level", "loud"], {}, /one of error\|warn\|info\|debug/);
  await refused(["--access-log=perhaps"], {}, /true or false/);
  await refused(["--cache-bytes", "64X"], {}, /perhaps with k, M or G/);
  await refused([], { MERX_WORKERS: "-1" }, /workers must be a number from 0 to 64, not "-1" \(from MERX_WORKERS\)/);
  await refused(["--config", "/nonexistent.conf"], {}, /there is no such file/);
  await writeFile(config, "idle_ms = 1000\nlissten = x\n");
  await refused(["--config", config], {}, /merx\.conf:2: there is no option "lissten": did you mean listen\?/);
  await writeFile(config, "idle_ms = 1000\nidle-ms = 2000\n");
  await refused(["--config", config], {}, /merx\.conf:2: idle_ms is set already, in .*merx\.conf:1/);
  await writeFile(config, "idle_ms\n");
  await refused(["--config", config], {}, /merx\.conf:1: write name = value/);
});

test("a mistyped command or option is answered with a similar one", async () => {
  const command = await merx(["srve"]);
  assert.equal(command.code, 2);
  assert.match(command.stderr, /there is no command "srve": did you mean "serve"\?/);
  const option = await merx(["serve", "--lisen", "x"]);
  assert.equal(option.code, 2);
  assert.match(option.stderr, /there is no option --lisen: did you mean --listen\?/);
  const first = await merx(["--sahre", "x", "version"]);
  assert.match(first.stderr, /did you mean --share\?/);
  assert.equal((await merx(["serve", "now"])).code, 2);
  assert.match((await merx(["serve", "--listen"])).stderr, /--listen needs a value/);
  assert.match((await merx(["xyzzyplugh"])).stderr, /see merx help/);
});

test("merx help names every command and option", async () => {
  const help = await merx(["help"]);
  assert.equal(help.code, 0);
  for (const word of ["serve", "status", "config", "version", "--trusted-proxies", "Exit status", "merx help COMMAND"]) assert.ok(help.stdout.includes(word), word);
  assert.equal((await merx([])).stdout, help.stdout);
  assert.equal((await merx(["--help"])).stdout, help.stdout);
});

test("merx help COMMAND is the command's own help", async () => {
  for (const name of ["serve", "version", "backup", "import"]) {
    const [asked, told] = [await merx(["help", name, "--share", root]), await merx([name, "--help", "--share", root])];
    assert.equal(asked.code, 0, asked.stderr);
    assert.ok(asked.stdout.startsWith(`usage: merx ${name}`), asked.stdout);
    assert.equal(asked.stdout, told.stdout);
    assert.equal((await merx(["--help", name, "--share", root])).stdout, told.stdout);
  }
  assert.match((await merx(["help", "srve"])).stderr, /there is no command "srve": did you mean "serve"\?/);
});

test("merx version tells what it is made of", async () => {
  const version = await merx(["--version"]);
  assert.equal(version.code, 0);
  assert.match(version.stdout, /^merx \d+\.\d+\.\d+ \(SQLite 3\.\d+\.\d+\)\n$/);
});

test("an address that is none is refused with examples", async (t) => {
  const folder = await t.folder();
  for (const listen of ["localhost", "8080", "300.1.1.1:80", "[::1]", "127.0.0.1:99999"]) {
    const result = await merx(["serve", "--share", hello, "--data", join(folder, "data"), "--listen", listen]);
    assert.equal(result.code, 5, listen);
    assert.match(result.stderr, /write 127\.0\.0\.1:8080/);
  }
});

test("every command says how it is used, and asking makes nothing", async (t) => {
  const data = join(await t.folder(), "nothing");
  const share = root;
  const names = [...(await merx(["help", "--share", share])).stdout.matchAll(/^ {2}([a-z]+) +[A-Zm]/gm)].map((found) => found[1]);
  assert.ok(names.length > 20 && !names.includes("args"), names.join(" "));
  for (const name of names) {
    const told = await merx([name, "--help", "--share", share, "--data", data]);
    assert.equal(told.code, 0, `${name}: ${told.stderr}`);
    assert.ok(told.stdout.startsWith(`usage: merx ${name}`), told.stdout);
    if (name !== "version") assert.match(told.stdout, /^examples:$/m, name);
  }
  const misused = await merx(["import", "--share", share, "--data", data]);
  assert.equal(misused.code, 2);
  await assert.rejects(stat(data), "a question makes no shop");
});

test("a folder without a shop is named, not made, by every command that needs one", async (t) => {
  const data = join(await t.folder(), "nothing");
  const commands = [["settings", "list"], ["settings", "set", "shop.name", "X"], ["staff", "list"], ["staff", "add", "ana@example.com"],
    ["explain", "order:1001"], ["plugin", "info", "merx.cod"], ["export", "products", "-"], ["activity"], ["migrate"], ["fsck"], ["backup", join(data, "x.merx")]];
  for (const command of commands) {
    const told = await merx([...command, "--share", root, "--data", data]);
    assert.equal(told.code, 3, `${command.join(" ")}: ${told.stderr}`);
    const name = command[0] === "plugin" ? "plugin info" : command[0];
    assert.equal(told.stderr, `merx ${name}: there is no shop in ${data}; name its folder with --data, or begin one with merx serve or merx import\n`);
  }
  await assert.rejects(stat(data), "asking makes no folder");
});

test("what an import is given wrongly is named, without a trace of the program", async (t) => {
  const folder = await t.folder();
  const data = join(folder, "shop");
  const file = join(folder, "shop.json");
  const run = async (...words) => merx(["import", ...words, file, "--share", root, "--data", data, "--log-level", "error"]);
  for (const text of ["[1]", "5", "{}", '{"settings":5}', '{"pages":"x"}', "{"]) {
    await writeFile(file, text);
    const told = await run("shop");
    assert.equal(told.code, 5, `${text}: ${told.stderr}`);
    assert.doesNotMatch(told.stderr, /traceback|\.lua/, text);
  }
  const told = await run("products", "--delimiter=ab");
  assert.equal(told.code, 2);
  assert.match(told.stderr, /the delimiter is , or ; or \| or tab/);
});

test("--db is the folder of the database, or the file in it", async (t) => {
  const folder = await t.folder();
  const ask = async (path) => explained((await merx(["config", "--explain", "--db", path])).stdout, "data");
  assert.match(await ask(folder), new RegExp(`= ${folder} `));
  assert.match(await ask(join(folder, "shop.db")), new RegExp(`= ${folder}/ `));
  const other = await merx(["serve", "--db", join(folder, "other.db")]);
  assert.equal(other.code, 2);
  assert.match(other.stderr, /is called shop\.db and lies in its folder/);
});

const ONE_PRODUCT = "Type,SKU,Name,Regular price\nsimple,cup,A Cup,9\n";

test("one is said as one", async (t) => {
  const folder = await t.folder();
  const run = async (...words) => {
    const told = await merx([...words, "--share", root, "--data", join(folder, "shop"), "--log-level", "error"]);
    assert.equal(told.code, 0, told.stderr);
    return told.stdout;
  };
  await writeFile(join(folder, "one.csv"), ONE_PRODUCT);
  assert.equal(await run("import", "products", join(folder, "one.csv"), "--dry-run"), "1 row, 1 product, no mistakes. Nothing was written (--dry-run).\n");
  assert.match(await run("import", "products", join(folder, "one.csv")), /^1 row: 1 product new, 0 changed\.$/m);
  assert.match(await run("export", "products", join(folder, "out.csv")), /: 1 row\n$/);
  await writeFile(join(folder, "two.csv"), `${ONE_PRODUCT}simple,jug,A Jug,19\n`);
  assert.match(await run("import", "products", join(folder, "two.csv")), /^2 rows: 1 product new, /m);
  assert.match(await run("export", "products", join(folder, "out2.csv")), /: 2 rows\n$/);
});

test("pictures of an export come back from the data folder, wherever the file lies", async (t) => {
  const folder = await t.folder();
  const data = join(folder, "shop");
  const run = (...words) => merx([...words, "--share", root, "--data", data, "--log-level", "error"]);
  await writeFile(join(folder, "cup.svg"), '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 20"></svg>');
  await writeFile(join(folder, "one.csv"), "SKU,Name,Regular price,Images\ncup,A Cup,9,cup.svg\n");
  assert.equal((await run("import", "products", join(folder, "one.csv"))).code, 0);
  const first = (await run("export", "products", "-")).stdout;
  assert.match(first, /media\/[0-9a-f]{2}\/[0-9a-f]+\.svg/);
  await mkdir(join(folder, "elsewhere"));
  await writeFile(join(folder, "elsewhere", "out.csv"), first);
  const told = await run("import", "products", join(folder, "elsewhere", "out.csv"));
  assert.doesNotMatch(told.stderr, /placeholder/);
  assert.equal((await run("export", "products", "-")).stdout, first);
});

test("where an export cannot be written, and what a setting may not be, is said as it is", async (t) => {
  const folder = await t.folder();
  const data = join(folder, "shop");
  const run = (...words) => merx([...words, "--share", root, "--data", data, "--log-level", "error"]);
  await writeFile(join(folder, "one.csv"), ONE_PRODUCT);
  await run("import", "products", join(folder, "one.csv"));
  const gone = await run("export", "products", join(folder, "gone", "out.csv"));
  assert.equal(gone.stderr, `merx export: there is no folder ${join(folder, "gone")}\n`);
  assert.equal(gone.code, 3);
  const onto = await run("export", "products", data, "--force");
  assert.equal(onto.stderr, `merx export: ${data} is a folder; name a file\n`);
  assert.equal(onto.code, 4);
  const low = await run("settings", "set", "plugin.merx.flat-rate/parcel.amount", "-5");
  assert.equal(low.code, 5);
  assert.doesNotMatch(low.stderr, /whole number/);
  assert.equal((await run("settings", "set", "shop.name", "5")).code, 0);
});

test("a backup leaves nothing beside itself, and takes away what an earlier attempt at it left", async (t) => {
  const folder = await t.folder();
  const run = async (...words) => {
    const told = await merx([...words, "--share", root, "--data", join(folder, "shop"), "--log-level", "error"]);
    assert.equal(told.code, 0, told.stderr);
  };
  await writeFile(join(folder, "one.csv"), ONE_PRODUCT);
  await run("import", "products", join(folder, "one.csv"));
  const kept = join(folder, "kept");
  await mkdir(kept);
  const strangers = ["mon.merx.notes.db", "tue.merx.5Fi-HDqQ.db.part", "tue.merx.part"]; // young, or not its own
  const left = ["mon.merx.abcdefgh.part.part", "mon.merx.5Fi-HDqQ.db.part", "mon.merx.7xykw5ky.db", "mon.merx.7xykw_k-.part"];
  const yesterday = Date.now() / 1000 - 24 * 3600;
  for (const name of [...strangers, ...left]) await writeFile(join(kept, name), "");
  for (const name of left) await utimes(join(kept, name), yesterday, yesterday);
  const seen = new Set();
  const watcher = watch(kept, (event, name) => seen.add(name));
  await run("backup", join(kept, "mon.merx"));
  watcher.close();
  assert.deepEqual(await readdir(kept), ["mon.merx", ...strangers].sort());
  assert.deepEqual([...seen].filter((name) => /\.part\.part/.test(name) && !left.includes(name)), [], "a name says once that it is a part");
  assert.ok([...seen].some((name) => /^mon\.merx\..{8}\.db\.part$/.test(name)), [...seen].join(" "));
});

test("the console shows the shop, changes it by commands, and says where it went wrong", async (t) => {
  const data = await new_shop(t);
  const at = ["--data", data, "--share", root];
  const typed = ["x = 1", "x + 1", "for i = 1, 1 do", "print('line ' .. i)", "end", "settings.get('shop.name')", "error('no')", ""].join("\n");
  const script = await merx(["console", ...at], { input: typed });
  assert.equal(script.code, 1);
  assert.equal(script.stdout, '2\nline 1\n"Merx"\n');
  assert.match(script.stderr, /console:1: no/);
  const changed = await merx(["console", ...at, "--execute", 'command.run("settings.set", { key = "shop.name", value = "Other" })']);
  assert.equal(changed.code, 0, changed.stderr);
  assert.equal((await merx(["console", ...at, "--execute", 'settings.get("shop.name")'])).stdout, '"Other"\n');
  assert.equal((await merx(["console", ...at, "--execute", "this is no Lua"])).code, 2);
});
