// A disk that breaks: syncs or writes fail from one moment on. What a shopper was told stays true, nobody is told what
// is not known, pages go on, and after a restart on a sound disk the shop sells again.
import { join } from "node:path";
import { open, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { Refused, Shopper } from "../support/shopper.mjs";
import { eventually, sleep, test } from "../scenario/support/test.mjs";
import { Load } from "./support/load.mjs";
import { IS_LONG, SEED, check, free_port, fsck, new_shop, promise_of, random, say, start, tools } from "./support/shop.mjs";

async function demand_reads(port) {
  const shopper = new Shopper(port);
  for (const path of ["/", "/products/bowl", "/collections/kitchen", "/search?q=lamp"]) await shopper.visit(path);
  shopper.close();
}

// Nobody buys anything on a broken disk, and nobody is told a lie.
async function demand_no_sales(port) {
  const shopper = new Shopper(port);
  const answer = await shopper.buy("mug", 1).then(() => null, (error) => error);
  shopper.close();
  if (!(answer instanceof Refused)) throw new Error(`on a broken disk a shopper was answered: ${answer ?? "here is your order"}`);
  if (answer.status < 500) throw new Error(`on a broken disk a shopper was told that it is his mistake: ${answer.message}`);
  if (/Nothing was ordered/.test(answer.message)) throw new Error(`on a broken disk nobody knows what was ordered: ${answer.message}`);
  return answer.status;
}

async function break_disk(t, { data, what, promises, draw, scratch }) {
  const control = join(scratch, `switch-${promises.length}`);
  const env = { LD_PRELOAD: join(tools, "failing.so"), FAILING_FOLDER: data, FAILING_SWITCH: control };
  const server = await start(t, data, { args: ["--supervise", "false"], env, expectEnd: false });
  const load = new Load(server.port, { shoppers: 5, draw }).start();
  await load.wait_for(1 + Math.floor(draw() * 10));
  await sleep(draw() * 20);
  await writeFile(control, what);
  const refused = await eventually("somebody is refused", () => load.refused[0], { within: 20_000 });
  await load.stop();
  if (refused.status < 500) throw refused;
  const lie = load.refused.find((error) => /\/checkout\/payment/.test(error.message) && /Nothing was ordered/.test(error.message));
  if (lie) throw lie;
  await demand_reads(server.port);
  const status = await demand_no_sales(server.port);
  await rm(control);
  await sleep(1200); // it does not trust this disk again by itself
  await demand_reads(server.port);
  server.child.kill("SIGTERM");
  await server.ended;
  promises.push(...load.orders.map(promise_of));
  return { refused: load.refused.length, status };
}

for (const what of ["sync", "write", "sync write"]) {
  test(`when ${what} fails, no promise is broken and none is made`, async (t) => {
    const rounds = IS_LONG ? 30 : 3;
    const data = await new_shop(t);
    const scratch = await t.folder();
    const draw = random(SEED + what.length);
    const promises = [];
    const statuses = new Set();
    let refused = 0;
    for (let round = 0; round < rounds; round++) {
      const result = await break_disk(t, { data, what, promises, draw, scratch });
      refused += result.refused;
      statuses.add(result.status);
      await check(join(data, "shop.db"), promises, scratch);
      const server = await start(t, data);
      const shopper = new Shopper(server.port);
      promises.push(promise_of({ ...(await shopper.buy("bowl", 1)), pieces: 1 }));
      shopper.close();
      await server.stop();
    }
    await fsck(data);
    say(`${rounds} times; ${refused} shoppers were refused (${[...statuses].join(", ")}); ${await check(join(data, "shop.db"), promises, scratch)}`);
  }, { timeout: 600_000 });
}

// --- a page that cannot be read ---------------------------------------------------------------------

const SETTLES = 1500; // ms; an idle shop has moved its log into the database by then
const PAGE = 4096;

// The bytes of a file come back into it, in place: who has it open sees them.
async function put_back(path, bytes) {
  const file = await open(path, "r+");
  await file.write(bytes, 0, bytes.length, 0);
  await file.sync();
  await file.close();
}

// Asks for pages that are in no cache until the process ends. It stays a zombie while the supervisor sleeps.
async function read_until_it_ends(server, child) {
  for (let i = 0; i < 50; i++) {
    const shopper = new Shopper(server.port);
    await Promise.race([shopper.get(`/search?q=lamp${i}`).catch(() => {}), sleep(200)]); // nobody may answer any more
    shopper.close();
    if (/\) Z /.test(await readFile(`/proc/${child}/stat`, "utf8"))) return;
  }
  throw new Error(`a database whose pages are gone is still read:\n${server.log.slice(-2000)}`);
}

test("a page that the disk does not give ends the process with its cause, and the next one sells again", async (t) => {
  const data = await new_shop(t);
  const path = join(data, "shop.db");
  const port = await free_port();
  const server = await start(t, data, { args: ["--supervise", "true"], listen: `127.0.0.1:${port}`, workers: 1 });
  await sleep(SETTLES);
  const bytes = await readFile(path);
  const child = await server.worker();
  await demand_reads(server.port); // since the last commit: after each, a reader looks how long its database is
  server.child.kill("SIGSTOP"); // the next one comes when the disk is sound again
  try {
    await truncate(path, PAGE); // the first page is always read and never mapped
    await read_until_it_ends(server, child);
  } finally {
    await put_back(path, bytes);
    server.child.kill("SIGCONT");
  }
  await eventually("the supervisor tells of it", () => /the server crashed \(signal 7\)/.test(server.log));
  const told = server.lines().find((line) => line.level === "error" && line.msg.includes("cannot be read"));
  if (!told?.msg.includes(path) || !/disk fails|cut the file/.test(told.msg)) throw new Error(`it does not say why it ended:\n${server.log.slice(-2000)}`);
  const after = await eventually("somebody can buy again", async () => {
    const shopper = new Shopper(server.port);
    return shopper.buy("bowl", 1).catch(() => null).finally(() => shopper.close());
  }, { within: 20_000 });
  await server.stop();
  if ((await stat(path)).size < bytes.length) throw new Error("the database was replaced");
  await fsck(data);
  say(`${told.msg}; ${await check(path, [promise_of({ ...after, pieces: 1 })], await t.folder())}`);
}, { timeout: 60_000 });
