// The power fails. A recorded shop sells; the disk is rebuilt as it would be found after a cut at many moments, and
// the shop that opens from there must have every order that a shopper was told of, whole.
import { execFileSync } from "node:child_process";
import { cp, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { bin, root } from "../scenario/support/server.mjs";
import { sleep, test } from "../scenario/support/test.mjs";
import { Load } from "./support/load.mjs";
import { IS_LONG, SEED, Witness, amount, check, fsck, new_shop, promise_of, query, random, recorded, run, say, start, tools } from "./support/shop.mjs";

const replay = join(tools, "replay");

async function states(t, log, { base, final, promises, count, seed = SEED, ok = [0] }) {
  const work = await t.folder();
  const args = ["states", log, "--work", work, "--states", String(count), "--seed", String(seed)];
  if (base) args.push("--base", base);
  if (final) args.push("--final", final);
  if (promises) args.push("--promises", promises);
  const result = await run(replay, args, { ok });
  return { ...result, summary: result.stdout.trim().split("\n").at(-1) };
}

// --- does the net hold, and does it catch? --------------------------------------------------------

const MISTAKES = {
  none: null,
  "no-sync": /promised and not there|cannot see whether|malformed|not so/,
  relaxed: /promised and not there/,
  early: /promised and not there/,
  halves: /not so: an order has lines of goods/,
  oversell: /not so: sold \+ held \+ available = received/,
};

for (const [mistake, symptom] of Object.entries(MISTAKES)) {
  test(mistake === "none" ? "a small shop without mistakes survives" : `a shop with the mistake "${mistake}" is caught`, async (t) => {
    const folder = await t.folder();
    const data = join(folder, "data");
    const log = join(folder, "log");
    await mkdir(data);
    await run(join(tools, "sample_shop"), [data, join(root, "sql/migrations"), log, "100", mistake], { env: recorded(data, log) });
    const result = await states(t, log, { final: data, count: symptom ? 60 : 150, ok: symptom ? [1] : [0] });
    say(result.summary);
    if (!/the recording is complete/.test(result.summary)) throw new Error(result.stdout);
    if (symptom && !symptom.test(result.stdout)) throw new Error(`caught, but not for its reason:\n${result.stdout.slice(0, 2000)}`);
  });
}

// --- the shop -------------------------------------------------------------------------------------

// Sells for a while in a recorded server and stops it well. Pauses let the writer be idle, when it moves its log into
// the database.
async function record_sales(t, { orders, shoppers }) {
  const data = await new_shop(t);
  const folder = await t.folder();
  const base = join(folder, "base");
  const log = join(folder, "log");
  await cp(data, base, { recursive: true });
  const server = await start(t, data, { args: ["--supervise", "false"], env: recorded(data, log) });
  const witness = new Witness(log);
  let made = 0;
  while (made < orders) {
    const load = new Load(server.port, { shoppers, draw: random(SEED + made), on_order: (order) => witness.promise(promise_of(order)) });
    const wanted = Math.min(orders - made, Math.ceil(orders / 3));
    load.start();
    await load.wait_for(wanted);
    await load.stop();
    if (load.refused.length > 0) throw load.refused[0];
    made += load.orders.length;
    await sleep(1200);
  }
  await server.stop();
  witness.close();
  return { data, base, log, made };
}

const OPEN = 1, WRITE = 2, SYNC_END = 5;

// What a recording holds, so that nobody believes in a test that met no checkpoint.
async function contents_of(log) {
  const bytes = await readFile(log);
  const names = new Map();
  const writes = {};
  let syncs = 0;
  for (let at = 0; at < bytes.length; ) {
    const kind = bytes.readUInt16LE(at + 4);
    const path_length = bytes.readUInt32LE(at + 8);
    const file = bytes.readBigUInt64LE(at + 16);
    if (kind === OPEN) names.set(file, bytes.toString("utf8", at + 40, at + 40 + path_length));
    if (kind === WRITE) writes[names.get(file)] = (writes[names.get(file)] ?? 0) + 1;
    if (kind === SYNC_END) syncs++;
    at += 40 + path_length + Number(bytes.readBigUInt64LE(at + 32));
  }
  return { bytes: bytes.length, log_writes: writes["shop.db-wal"] ?? 0, database_writes: writes["shop.db"] ?? 0, syncs };
}

test("an order that was promised is there after a power cut at any moment", async (t) => {
  const count = amount(3000, 400, 100);
  const recording = await record_sales(t, { orders: amount(600, 150, 120), shoppers: 6 });
  const held = await contents_of(recording.log);
  if (held.database_writes < 100) throw new Error(`the recording has met no checkpoint: ${held.database_writes} writes into the database`);
  say(`${recording.made} orders, ${(held.bytes / 1e6).toFixed(0)} MB recorded: ${held.log_writes} writes into the log, ${held.database_writes} into the database, ${held.syncs} syncs`);
  const result = await states(t, recording.log, { base: recording.base, final: recording.data, count });
  say(result.summary);
  await cut_again(t, recording);
}, { timeout: IS_LONG ? 3_600_000 : 240_000 });

// The power fails once more while the shop recovers.
async function cut_again(t, { log, base }) {
  const total = Number(execFileSync(replay, ["count", log]).toString());
  const draw = random(SEED + 1);
  const rounds = amount(40, 8, 3);
  let checked = 0;
  for (let i = 0; i < rounds; i++) {
    const folder = await t.folder();
    const [found, before, kept, second] = ["found", "before", "kept", "log"].map((name) => join(folder, name));
    const at = Math.floor(total * (0.15 + 0.85 * draw()));
    const cut = ["--at", String(at), "--cut", i % 4 === 3 ? "keep" : "tear", "--seed", String(SEED + i)];
    await run(replay, ["build", log, "--base", base, ...cut, "--out", found, "--kept", kept]);
    await cp(found, before, { recursive: true });
    const server = await start(t, found, { args: ["--supervise", "false"], env: recorded(found, second) });
    await server.stop();
    const result = await states(t, second, { base: before, final: found, promises: kept, count: IS_LONG ? 50 : 20, seed: SEED + i });
    await fsck(found); // after the comparison: it takes the lock, unrecorded
    checked += Number(/^(\d+) states/.exec(result.summary)[1]);
  }
  say(`${rounds} of these shops were started, stopped and looked at by merx fsck; ${checked} cuts during that recovery`);
}

test("a shop whose making was cut, migrations and import, is finished by doing it again", async (t) => {
  const folder = await t.folder();
  const [data, log] = [join(folder, "data"), join(folder, "log")];
  const make = ["import", "products", join(root, "tests/fault/support/products.csv"), "--share", root, "--data"];
  await mkdir(data);
  await run(bin, [...make, data], { env: recorded(data, log) });
  const total = Number(execFileSync(replay, ["count", log]).toString());
  const draw = random(SEED + 2);
  const count = amount(300, 24, 6);
  for (let i = 0; i < count; i++) {
    const found = join(folder, `found-${i}`);
    const at = Math.floor((total * (i + draw())) / count);
    const cut = ["drop", "tear", "tear", "keep"][i % 4];
    const how = ["--at", String(at), "--cut", cut, "--seed", String(SEED + i)];
    await run(replay, ["build", log, ...how, "--out", found]);
    await run(bin, [...make, found]).catch((error) => {
      throw new Error(`after a cut at record ${at} of ${total} (${how.join(" ")}): ${error.message}`);
    });
    const products = (await query(found, "SELECT count(*) FROM products"))[0];
    if (products !== "5") throw new Error(`${products} products after a cut at record ${at} and a second import`);
    await check(join(found, "shop.db"));
    await rm(found, { recursive: true });
  }
  say(`${count} cuts in ${total} records; each time the same command finished the shop`);
}, { timeout: IS_LONG ? 1_200_000 : 120_000 });
