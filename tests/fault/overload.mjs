// Five times as many shoppers as a shop takes at once: those who are let in buy as fast as ever, the others are told at once
// to come back, and nothing that was promised is lost.
import { join } from "node:path";
import { Lost, Refused, Shopper } from "../support/shopper.mjs";
import { sleep, test } from "../scenario/support/test.mjs";
import { IS_LONG, SEED, check, fsck, new_shop, promise_of, random, say, start } from "./support/shop.mjs";

const TAKEN = 24; // connections at once
const CALM = TAKEN / 2; // shoppers for whom there is always room, also while they change connections
const TIMES = 5;
const SECONDS = IS_LONG ? 5 : 4; // a turn
const TURNS = 9; // of a long run
const GOODPUT_LEAST = 0.8; // of what the shop sells when there is room
const WAIT_MOST = 2000; // ms, of 99 in 100 of those let in

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

const percentile = (list, part) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * part))];

// A shop, and what all its rushes were told.
class Siege {
  constructor(t, data, server) {
    Object.assign(this, { t, data, server, orders: [], waits: [], refused: 0, lost: 0, drawn: SEED });
  }

  static async begin(t) {
    const data = await new_shop(t);
    return new Siege(t, data, await start(t, data, { args: ["--connections", String(TAKEN)] }));
  }

  async #run(shoppers) {
    const rush = new Rush(this.server.port, random((this.drawn += 9)));
    const rate = await rush.run(shoppers, SECONDS);
    this.orders.push(...rush.orders);
    return { rush, rate };
  }

  // Orders a second while there is room for everybody.
  async calm() {
    const { rush, rate } = await this.#run(CALM);
    if (rush.refused > 0) throw new Error(`${rush.refused} were refused while there was room`);
    return rate;
  }

  // Orders a second while there are far too many.
  async crowded() {
    const { rush, rate } = await this.#run(TAKEN * TIMES);
    if (rush.refused + rush.lost === 0) throw new Error("nobody was refused");
    if (rush.unclear.length > 0) throw new Error(`${rush.unclear.length} were not told to come back: ${rush.unclear[0]}`);
    if (rush.orders.length === 0) throw new Error("nobody could buy in the rush");
    this.waits.push(...rush.waits);
    this.refused += rush.refused;
    this.lost += rush.lost;
    return rate;
  }

  async end() {
    await this.server.stop();
    await fsck(this.data);
    const told = await check(join(this.data, "shop.db"), this.orders, await this.t.folder());
    return `${this.refused} heard 503, ${this.lost} were cut off; placing took ${percentile(this.waits, 0.5).toFixed(0)} ms (median), `
      + `${percentile(this.waits, 0.99).toFixed(0)} ms (99 %); ${told}`;
  }
}

// How fast it was is told and not judged: a short run on a machine with other work is a rough measure.
test("five times as many as fit: those let in buy on, the others hear 503 and when to come back", async (t) => {
  const siege = await Siege.begin(t);
  const peak = await siege.calm();
  const goodput = await siege.crowded();
  say(`${peak.toFixed(1)} orders a second with ${CALM} shoppers, ${goodput.toFixed(1)} with ${TAKEN * TIMES}; ${await siege.end()}`);
}, { timeout: 180_000 });

// Each rush is held against the calm before and after it, so that what else the machine does falls on both; the median of
// many counts, so that no single moment decides.
if (IS_LONG) {
  test("in a rush a shop sells at least 80 % of what it can, and those let in wait at most 2 s", async (t) => {
    const siege = await Siege.begin(t);
    await siege.calm(); // fills caches
    const ratios = [];
    let before = await siege.calm();
    for (let turn = 0; turn < TURNS; turn++) {
      const goodput = await siege.crowded();
      const after = await siege.calm();
      ratios.push(goodput / ((before + after) / 2));
      before = after;
    }
    const slowest = percentile(siege.waits, 0.99);
    const median = percentile(ratios, 0.5);
    say(`goodput in ${TURNS} turns: ${ratios.map((ratio) => `${(ratio * 100).toFixed(0)} %`).join(", ")}, median ${(median * 100).toFixed(0)} %; ${await siege.end()}`);
    if (median < GOODPUT_LEAST) throw new Error(`in a rush it sold ${(median * 100).toFixed(0)} % of what it sells else`);
    if (slowest > WAIT_MOST) throw new Error(`of those let in, one in a hundred waited ${slowest.toFixed(0)} ms for the order`);
  }, { timeout: 600_000 });
}
