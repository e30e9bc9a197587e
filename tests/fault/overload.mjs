// Five times as many shoppers as a shop takes at once: those who are let in buy as fast as ever, the others are told at once
// to come back, and nothing that was promised is lost.
import { join } from "node:path";
import { Lost, Refused, Shopper } from "../support/shopper.mjs";
import { sleep, test } from "../scenario/support/test.mjs";
import { IS_LONG, SEED, check, fsck, new_shop, promise_of, random, say, start } from "./support/shop.mjs";

const TAKEN = 24; // connections at once
const CALM = TAKEN / 2; // shoppers for whom there is always room, also while they change connections
const TIMES = 5;
const SECONDS = IS_LONG ? 30 : 4;

class Rush {
  constructor(port, draw) {
    Object.assign(this, { port, draw, orders: [], waits: [], refused: 0, unclear: [], lost: 0, is_over: false });
  }

  async run(shoppers, seconds) {
    const began = Date.now();
    const all = Promise.all(Array.from({ length: shoppers }, () => this.#shop()));
    await sleep(seconds * 1000);
    this.is_over = true;
    await all;
    return (this.orders.length * 1000) / (Date.now() - began);
  }

  async #shop() {
    while (!this.is_over) {
      const shopper = new Shopper(this.port);
      const rest = await this.#buy(shopper);
      shopper.close();
      if (rest > 0 && !this.is_over) await sleep(rest * (0.5 + this.draw()));
    }
  }

  // How long to wait before the next try.
  async #buy(shopper) {
    try {
      await shopper.add("mug", 1);
      const { form, total } = shopper.placing(await shopper.checkout());
      const began = performance.now();
      const reply = await shopper.request(form.method, form.action, shopper.body_of(form));
      this.waits.push(performance.now() - began);
      const token = reply.status === 303 && /\/orders\/([\w-]+)$/.exec(reply.headers.location)?.[1];
      if (!token) throw new Refused("placing the order", reply);
      this.orders.push(promise_of({ token, pieces: 1, total }));
      return 0;
    } catch (error) {
      return this.#judge(error);
    }
  }

  #judge(error) {
    if (error instanceof Refused) {
      const after = Number(error.reply.headers["retry-after"]);
      this.refused++;
      if (error.status !== 503 || !(after > 0)) this.unclear.push(error.message);
      return Math.min(after || 1, 1) * 200; // sooner than asked: a rush is not polite
    }
    if (!(error instanceof Lost)) throw error;
    this.lost++; // the refusal came before the request was sent, and the connection was closed
    return 200;
  }
}

const percentile = (list, part) => list.sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * part))];

test("five times as many as fit: those let in buy on, the others hear 503 and when to come back", async (t) => {
  const data = await new_shop(t);
  const server = await start(t, data, { args: ["--connections", String(TAKEN)] });
  const calm = new Rush(server.port, random(SEED));
  const peak = await calm.run(CALM, SECONDS);
  const rush = new Rush(server.port, random(SEED + 9));
  const goodput = await rush.run(TAKEN * TIMES, SECONDS);
  if (calm.refused > 0) throw new Error(`${calm.refused} were refused while there was room`);
  if (rush.refused + rush.lost === 0) throw new Error("nobody was refused");
  if (rush.unclear.length > 0) throw new Error(`${rush.unclear.length} were not told to come back: ${rush.unclear[0]}`);
  const slowest = percentile(rush.waits, 0.99);
  if (slowest > 2000) throw new Error(`of those let in, one in a hundred waited ${slowest} ms for the order`);
  // The shoppers share the machine with the shop and are ten times as many in the rush: a short run is a rough measure.
  if (goodput < (IS_LONG ? 0.8 : 0.5) * peak) throw new Error(`${goodput.toFixed(1)} orders a second in the rush, ${peak.toFixed(1)} before`);
  await server.stop();
  await fsck(data);
  const told = await check(join(data, "shop.db"), [...calm.orders, ...rush.orders], await t.folder());
  say(`${peak.toFixed(1)} orders a second with ${CALM} shoppers, ${goodput.toFixed(1)} with ${TAKEN * TIMES}; ${rush.refused} heard 503, ${rush.lost} were cut off; placing took ${percentile(rush.waits, 0.5).toFixed(0)} ms (median), ${slowest.toFixed(0)} ms (99 %); ${told}`);
}, { timeout: 180_000 });
