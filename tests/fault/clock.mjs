// A wall clock that jumps: a year ahead and back, an hour back, over the hours that a summer time gives and takes. Nothing
// expires in masses, no number comes twice, durations stay what they are, work comes again.
import { openSync, closeSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Shopper } from "../support/shopper.mjs";
import { eventually, test } from "../scenario/support/test.mjs";
import { check, fsck, new_shop, promise_of, query, say, start, tools } from "./support/shop.mjs";

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;

class Clock {
  constructor(path) {
    this.path = path;
    this.fd = openSync(path, "w+");
    this.jump(0);
  }

  env(zone = "UTC") {
    return { LD_PRELOAD: join(tools, "clock.so"), SHIFT_SWITCH: this.path, TZ: zone };
  }

  // From now on it is so many ms ahead.
  jump(ms) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(Math.round(ms)));
    writeSync(this.fd, bytes, 0, 8, 0);
  }

  // It is this moment now.
  set(iso) {
    this.jump(Date.parse(iso) - Date.now());
  }

  close() {
    closeSync(this.fd);
  }
}

async function demand_health(server, what) {
  const began = Date.now();
  const reply = await fetch(`${server.url}/readyz`);
  if (reply.status !== 200) throw new Error(`${what}: /readyz answers ${reply.status}`);
  await reply.text();
  if (Date.now() - began > 2000) throw new Error(`${what}: /readyz took ${Date.now() - began} ms`);
  const bad = server.lines().filter((line) => line.level === "error");
  if (bad.length > 0) throw new Error(`${what}: ${JSON.stringify(bad[0])}`);
}

test("a clock that jumps expires nothing, gives no number twice, and work comes again when it is right", async (t) => {
  const data = await new_shop(t);
  const clock = new Clock(join(await t.folder(), "clock"));
  t.after(() => clock.close());
  const server = await start(t, data, { env: clock.env() });
  const promises = [];
  const buy = async (shopper, what) => {
    promises.push(promise_of({ ...(await shopper.buy("mug", 1)), pieces: 1 }));
    await demand_health(server, what);
  };
  const waiting = [];
  for (let i = 0; i < 6; i++) {
    const shopper = new Shopper(server.port);
    await shopper.add("bowl", 1);
    waiting.push(shopper);
  }
  const jumps = [0, YEAR, 0, -YEAR, 0, -HOUR, HOUR, 0, 30 * YEAR, 0];
  for (const ms of jumps) {
    clock.jump(ms);
    const shopper = new Shopper(server.port);
    await buy(shopper, `${ms} ms ahead`);
    await buy(shopper, `${ms} ms ahead, once more`);
    shopper.close();
  }
  for (const shopper of waiting) {
    const cart = await shopper.cart(); // a cart of before all that
    if (cart.item_count !== 1) throw new Error(`a cart was lost: ${JSON.stringify(cart)}`);
    promises.push(promise_of({ ...(await shopper.buy("candle", 1)), pieces: 2 }));
    shopper.close();
  }
  // Repeating jobs were put off by thirty years: they are due within their own time again.
  // A job that runs in these moments is put on the schedule again a little after the others.
  const late = async () => await query(data, `SELECT name FROM jobs WHERE state = 'waiting' AND run_at > ${Date.now() + 25 * HOUR}`);
  await eventually("repeating jobs are due again", async () => (await late()).length === 0, { within: 10_000 });
  await server.stop();
  const numbers = await query(data, "SELECT number FROM orders");
  if (new Set(numbers).size !== numbers.length) throw new Error("an order number came twice");
  const expired = await query(data, "SELECT id FROM orders WHERE state = 'cancelled' UNION ALL SELECT id FROM account_holds WHERE state = 'expired'");
  if (expired.length > 0) throw new Error(`${expired.length} orders or holds expired`);
  await fsck(data);
  say(`${jumps.length} jumps; ${await check(join(data, "shop.db"), promises, await t.folder())}`);
}, { timeout: 120_000 });

test("the hours that summer time gives and takes are hours like others", async (t) => {
  const promises = [];
  const data = await new_shop(t);
  const clock = new Clock(join(await t.folder(), "clock"));
  t.after(() => clock.close());
  const moments = ["2027-03-28T00:59:58Z", "2027-03-28T01:00:02Z", "2027-10-31T00:59:58Z", "2027-10-31T01:00:02Z", "2028-02-29T23:59:59Z"];
  clock.set(moments[0]);
  const server = await start(t, data, { env: clock.env("Europe/Berlin") });
  for (const moment of moments) {
    clock.set(moment);
    const shopper = new Shopper(server.port);
    promises.push(promise_of({ ...(await shopper.buy("mug", 1)), pieces: 1 }));
    shopper.close();
    await demand_health(server, moment);
  }
  await server.stop();
  const times = (await query(data, "SELECT placed_at FROM orders ORDER BY id")).map(Number);
  if (times.some((time, i) => Math.abs(time - Date.parse(moments[i])) > 5000)) throw new Error(`placed at ${times.map((time) => new Date(time).toISOString())}`);
  say(`${moments.join(", ")}: ${await check(join(data, "shop.db"), promises, await t.folder())}`);
});
