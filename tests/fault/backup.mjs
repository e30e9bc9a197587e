// Backups at random moments while shoppers buy: each restores to a shop that was, complete up to one moment and with
// nothing from after it. And imports while shoppers buy.
import { spawn } from "node:child_process";
import { cp, mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Shopper } from "../support/shopper.mjs";
import { bin, merx, root } from "../scenario/support/server.mjs";
import { sleep, test } from "../scenario/support/test.mjs";
import { Load } from "./support/load.mjs";
import { IS_LONG, SEED, check, fsck, new_shop, promise_of, query, random, run, say, start } from "./support/shop.mjs";

async function cli(args, what) {
  const result = await merx([...args, "--share", root]);
  if (result.code !== 0) throw new Error(`${what} ended with ${result.code}:\n${result.stdout}${result.stderr}`);
  return result;
}

// What only ever grows, row by row: a backup holds a beginning of each.
const HISTORY = {
  orders: "SELECT id || ' ' || token || ' ' || number || ' ' || total_amount FROM orders ORDER BY id",
  lines: "SELECT id || ' ' || order_id || ' ' || quantity || ' ' || total_amount FROM order_lines ORDER BY id",
  holds: "SELECT id || ' ' || order_id || ' ' || quantity FROM account_holds ORDER BY id",
  outbox: "SELECT seq || ' ' || key || ' ' || event FROM outbox ORDER BY seq",
  carts: "SELECT id || ' ' || token FROM carts ORDER BY id",
};

async function history_of(data) {
  const found = {};
  for (const [name, sql] of Object.entries(HISTORY)) found[name] = await query(data, sql);
  return found;
}

function demand_beginning(part, whole, what) {
  for (const name of Object.keys(HISTORY)) {
    const wrong = part[name].findIndex((row, i) => row !== whole[name][i]);
    if (wrong >= 0) throw new Error(`${what}: ${name} is no beginning of history: row ${wrong} is ${part[name][wrong]}, was ${whole[name][wrong]}`);
  }
}

async function backup_now(t, data, load) {
  const file = join(await t.folder(), "shop.merx");
  const before = load.orders.map(promise_of); // promised before the backup began: must be in it
  const began = Date.now();
  await cli(["backup", file, "--data", data], "merx backup");
  return { file, before, ms: Date.now() - began };
}

async function restore(t, { file, before }, whole) {
  const data = join(await t.folder(), "restored");
  await cli(["restore", file, "--data", data], "merx restore");
  await check(join(data, "shop.db"), before, await t.folder());
  const part = await history_of(data);
  demand_beginning(part, whole, "a restored shop");
  return { data, orders: part.orders.length };
}

test("a backup at any moment restores to the shop of that moment", async (t) => {
  const count = IS_LONG ? 100 : 8;
  const data = await new_shop(t);
  const server = await start(t, data);
  const draw = random(SEED);
  const load = new Load(server.port, { shoppers: 4, draw }).start();
  const backups = [];
  await load.wait_for(3);
  for (let i = 0; i < count; i++) {
    await sleep(draw() * 250);
    backups.push(await backup_now(t, data, load));
  }
  await load.stop();
  if (load.refused.length > 0) throw load.refused[0];
  await server.stop();
  const whole = await history_of(data);
  const sizes = [];
  let last;
  for (const backup of backups) {
    last = await restore(t, backup, whole);
    sizes.push(last.orders);
    await rm(backup.file);
  }
  await fsck(last.data);
  const again = await start(t, last.data);
  const shopper = new Shopper(again.port);
  const known = backups.at(-1).before.at(-1).split(" ")[1];
  await shopper.visit(`/orders/${known}`);
  await shopper.buy("mug", 1);
  shopper.close();
  await again.stop();
  say(`${count} backups (${Math.max(...backups.map((one) => one.ms))} ms at most) while ${whole.orders.length} orders were placed; restored with ${sizes.join(", ")} of them`);
}, { timeout: IS_LONG ? 1_200_000 : 180_000 });

test("a backup that is killed half-way leaves nothing that looks like one", async (t) => {
  const data = await new_shop(t);
  const server = await start(t, data);
  const file = join(await t.folder(), "shop.merx");
  const draw = random(SEED + 2);
  let killed = 0;
  for (let i = 0; i < 12; i++) {
    const child = spawn(bin, ["backup", file, "--force", "--data", data, "--share", root], { stdio: "ignore" });
    const ended = new Promise((resolve) => child.on("close", (code, signal) => resolve(signal)));
    await sleep(draw() * 120);
    child.kill("SIGKILL");
    if ((await ended) === "SIGKILL") killed++;
    if (await stat(file).catch(() => null)) {
      const restored = join(await t.folder(), "restored");
      await cli(["restore", file, "--data", restored], "restoring what a killed backup left");
      await check(join(restored, "shop.db"));
    }
  }
  const shopper = new Shopper(server.port);
  await shopper.buy("mug", 1);
  shopper.close();
  say(`${killed} backups killed; what stood under their name could always be restored`);
}, { timeout: 180_000 });

// Restores what must be refused: with exit code 5, a word that names the matter, and an untouched folder.
async function demand_refusal(t, file, what) {
  const folder = join(await t.folder(), "restored");
  const result = await merx(["restore", file, "--data", folder, "--share", root]);
  if (result.code !== 5) throw new Error(`${what}: restore ended with ${result.code}: ${result.stdout}${result.stderr}`);
  if (!/is damaged|no backup/.test(result.stderr)) throw new Error(`${what}: refused without a clear word: ${result.stderr}`);
  if (await stat(folder).catch(() => null)) throw new Error(`${what}: a refused backup left something`);
  return result.stderr.trim();
}

async function with_media(t) {
  const data = await new_shop(t);
  await mkdir(join(data, "media/ab"), { recursive: true });
  await writeFile(join(data, "media/ab/picture.webp"), Buffer.alloc(70_001, 7));
  await mkdir(join(data, "plugins/acme.hello"), { recursive: true });
  await writeFile(join(data, "plugins/acme.hello/note.txt"), "hello");
  await mkdir(join(data, "plugin-files/acme.hello"), { recursive: true });
  await writeFile(join(data, "plugin-files/acme.hello/kept.csv"), "kept");
  await writeFile(join(data, "plugin-files/acme.hello/kept.csv.123.tmp"), "half"); // on the way to a file
  return data;
}

test("no byte of a backup changes unseen, and the damaged member is named", async (t) => {
  const data = await with_media(t);
  const file = join(await t.folder(), "shop.merx");
  await cli(["backup", file, "--data", data], "merx backup");
  await cli(["backup", "--verify", file, "--data", data], "merx backup --verify");
  const whole = await readFile(file);
  const at_picture = whole.indexOf("media/ab/picture.webp");
  const at_manifest = whole.indexOf("manifest.json");
  const chosen = [
    [0, "no ustar archive"], [511, "no ustar archive"], [512, "shop.db"], [at_picture - 1, "shop.db"], [at_picture, "behind shop.db"], [at_picture + 600, "media/ab/picture.webp"],
    [at_picture + 512 + 70_001, "behind media/ab/picture.webp"], [at_manifest + 700, "manifest.json"], [whole.length - 1, "end"],
  ];
  const draw = random(SEED + 3);
  for (let i = IS_LONG ? 2000 : 60; i > 0; i--) chosen.push([Math.floor(draw() * whole.length), ""]);
  for (const [at, wanted] of chosen) {
    const bytes = Buffer.from(whole);
    bytes[at] ^= 1 << (at % 8);
    await writeFile(file, bytes);
    const { code, stderr } = await merx(["backup", "--verify", file, "--share", root]);
    if (code !== 5) throw new Error(`a wrong byte at ${at} of ${whole.length} was not noticed: ${code} ${stderr}`);
    if (!stderr.includes(wanted)) throw new Error(`a wrong byte at ${at}: "${stderr.trim()}" does not name ${wanted}`);
  }
  const told = [];
  for (const [at] of chosen.slice(0, 9)) {
    const bytes = Buffer.from(whole);
    bytes[at] ^= 0x20;
    await writeFile(file, bytes);
    told.push(await demand_refusal(t, file, `a wrong byte at ${at}`));
  }
  for (let i = 0; i < 6; i++) {
    const length = Math.floor(draw() * whole.length);
    await writeFile(file, whole.subarray(0, length));
    told.push(await demand_refusal(t, file, `cut at ${length}`));
  }
  await writeFile(file, Buffer.concat([whole, Buffer.alloc(512)]));
  await demand_refusal(t, file, "something behind the end");
  await writeFile(file, whole);
  const folder = join(await t.folder(), "restored");
  await cli(["restore", file, "--data", folder], "merx restore");
  const picture = await readFile(join(folder, "media/ab/picture.webp"));
  if (!picture.equals(Buffer.alloc(70_001, 7))) throw new Error("a picture came back as another one");
  const kept = await readdir(join(folder, "plugin-files/acme.hello"));
  if (kept.join() !== "kept.csv" || (await readFile(join(folder, "plugin-files/acme.hello/kept.csv"), "utf8")) !== "kept") {
    throw new Error(`what a plugin kept came back as ${kept}`);
  }
  say(`${chosen.length} wrong bytes of ${whole.length} found; "${told[2].replace(file, "FILE")}"`);
}, { timeout: IS_LONG ? 1_200_000 : 180_000 });

test("a backup of an older Merx, without digests, is taken only when told", async (t) => {
  const data = await new_shop(t);
  const folder = await t.folder();
  const file = join(folder, "old.merx");
  await writeFile(join(folder, "manifest.json"), JSON.stringify({ format: 1, version: "0.0.9", made_at: 1 }));
  await cp(join(data, "shop.db"), join(folder, "shop.db"));
  await run("tar", ["--format=ustar", "--owner=0", "--group=0", "--numeric-owner", "--mode=644", "--mtime=@0", "-b", "1", "-C", folder, "-cf", file, "manifest.json", "shop.db"]);
  const restored = join(folder, "restored");
  const refused = await merx(["restore", file, "--data", restored, "--share", root]);
  if (refused.code !== 5 || !/--unproved/.test(refused.stderr)) throw new Error(`an old backup: ${refused.code} ${refused.stderr}`);
  const taken = await cli(["restore", "--unproved", file, "--data", restored], "merx restore --unproved");
  if (!/warning/.test(taken.stderr)) throw new Error("an old backup was restored without a warning");
  await check(join(restored, "shop.db"));
  say(`"${refused.stderr.trim().replace(file, "FILE")}"`);
});

function catalogue_of(count) {
  const rows = ["ID,Type,SKU,Name,Published,Visibility in catalog,Short description,Description,Tax status,In stock?,Stock,Weight (kg),Regular price,Categories"];
  for (let i = 1; i <= count; i++) {
    rows.push(`${1000 + i},simple,NEW-${i},New thing ${i},1,visible,Thing.,<p>Thing ${i}.</p>,taxable,1,100,0.2,${5 + (i % 40)}.00,Things`);
  }
  return rows.join("\n") + "\n";
}

test("an import does not disturb shoppers", async (t) => {
  const count = IS_LONG ? 5000 : 400;
  const data = await new_shop(t);
  const server = await start(t, data);
  const load = new Load(server.port, { shoppers: 4, draw: random(SEED + 4) }).start();
  await load.wait_for(3);
  const file = join(await t.folder(), "new.csv");
  await writeFile(file, catalogue_of(count));
  const before = load.orders.length;
  const began = Date.now();
  await cli(["import", "products", file, "--data", data], "merx import");
  const ms = Date.now() - began;
  const during = load.orders.length - before;
  await load.stop();
  if (load.refused.length > 0) throw load.refused[0];
  if (load.lost > 0) throw new Error(`${load.lost} connections were lost`);
  if (during === 0) throw new Error(`nobody could buy anything during the ${ms} ms of the import`);
  const products = Number((await query(data, "SELECT count(*) FROM products"))[0]);
  if (products !== count + 5) throw new Error(`${products} products after the import`);
  say(`${count} products in ${ms} ms, ${during} orders meanwhile; ${await check(join(data, "shop.db"), load.orders.map(promise_of), await t.folder())}`);
}, { timeout: 300_000 });
