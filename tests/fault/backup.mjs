// Backups at random moments while shoppers buy: each restores to a shop that was, complete up to one moment and with
// nothing from after it. And imports while shoppers buy.
import { spawn } from "node:child_process";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Shopper } from "../support/shopper.mjs";
import { bin, merx, root } from "../scenario/support/server.mjs";
import { sleep, test } from "../scenario/support/test.mjs";
import { Load } from "./support/load.mjs";
import { IS_LONG, SEED, check, fsck, new_shop, promise_of, query, random, say, start } from "./support/shop.mjs";

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

test("a backup that was cut, or whose head is damaged, is refused and restores nothing", async (t) => {
  const data = await new_shop(t);
  const file = join(await t.folder(), "shop.merx");
  await cli(["backup", file, "--data", data], "merx backup");
  const whole = await readFile(file);
  const draw = random(SEED + 3);
  let refused = 0;
  for (let i = 0; i < 12; i++) {
    const bytes = Buffer.from(whole);
    const is_cut = i % 2 === 0;
    const at = Math.floor(draw() * (is_cut ? bytes.length : 512));
    if (!is_cut) bytes[at] ^= 0x20;
    await writeFile(file, is_cut ? bytes.subarray(0, at) : bytes);
    const folder = join(await t.folder(), "restored");
    const result = await merx(["restore", file, "--data", folder, "--share", root]);
    if (result.code === 0) throw new Error(`a backup ${is_cut ? `cut at byte ${at}` : `with a wrong byte at ${at}`} of ${bytes.length} was restored`);
    if (!/\w+/.test(result.stderr)) throw new Error("a damaged backup was refused without a word");
    if (await stat(join(folder, "shop.db")).catch(() => null)) throw new Error("a refused backup left a database");
    refused++;
  }
  say(`${refused} damaged backups refused`);
}, { timeout: 120_000 });

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
