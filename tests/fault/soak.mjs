// Long running: what a shop holds (memory, descriptors, its log) stays what it is while it serves and sells, and taking
// up changed settings under load fails nobody.
import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Shopper } from "../support/shopper.mjs";
import { Wire } from "../scenario/support/http.mjs";
import { sleep, test } from "../scenario/support/test.mjs";
import { IS_LONG, SEED, check, fsck, new_shop, promise_of, random, say, start } from "./support/shop.mjs";

const REQUESTS = IS_LONG ? 1_000_000 : 40_000;
const CONNECTIONS = 12;
const WAL_MOST = 64 * 1024 * 1024;
const LOOKS = 12;
const OWN_FILES = 2; // connections by which the test itself looks
const DRIFT_MOST = IS_LONG ? 0.05 : 0.1; // heaps settle slowly: a short run sees the last of that

const PATHS = [
  "/", "/products/mug", "/products/bowl", "/products/candle", "/products/lamp", "/collections/all", "/collections/kitchen", "/collections/all?sort_by=price-ascending",
  "/collections/all?sort_by=title-descending", "/cart", "/zh-CN/", "/zh-CN/products/mug", "/search?q=lamp", "/nothing-here", "/assets/nothing.css",
];

// What a process holds. The pages that database connections keep are bounded and fill up with the orders of the test
// itself: they are told apart.
async function size_of({ child, url }, data) {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const pages = [...metrics.matchAll(/^merx_db_cache_bytes{.*} (\d+)$/gm)].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
  const status = await readFile(`/proc/${child.pid}/status`, "utf8");
  const wal = await stat(join(data, "shop.db-wal")).catch(() => ({ size: 0 }));
  return {
    rss: Number(/VmRSS:\s+(\d+)/.exec(status)[1]) * 1024 - pages, pages, files: (await readdir(`/proc/${child.pid}/fd`)).length, wal: wal.size,
  };
}

class Crowd {
  constructor(port, draw) {
    Object.assign(this, { port, draw, answered: 0, failed: [], promises: [] });
  }

  // One visitor after another on one connection; some put something into a cart, a few buy it.
  async #visit(share) {
    const wire = new Wire(this.port);
    for (let i = 0; i < share; i++) {
      const luck = this.draw();
      if (luck < 0.004) await this.#buy();
      const path = luck < 0.1 ? `/search?q=${luck.toString(36).slice(2, 6)}` : PATHS[Math.floor(luck * 7919) % PATHS.length];
      wire.send(`GET ${path} HTTP/1.1\r\nHost: shop.test\r\nAccept-Encoding: ${luck < 0.5 ? "gzip" : "identity"}\r\n\r\n`);
      const reply = await wire.reply("GET");
      if (!reply || reply.status >= 500) {
        this.failed.push(`${path}: ${reply?.status ?? wire.error ?? "no answer"}`);
        return wire.destroy();
      }
      this.answered++;
    }
    wire.destroy();
  }

  async #buy() {
    const shopper = new Shopper(this.port);
    try {
      this.promises.push(promise_of({ ...(await shopper.buy("candle", 1)), pieces: 1 }));
      this.answered += 8;
    } catch (error) {
      this.failed.push(String(error));
    }
    shopper.close();
  }

  async send(count) {
    await Promise.all(Array.from({ length: CONNECTIONS }, () => this.#visit(Math.ceil(count / CONNECTIONS))));
    if (this.failed.length > 0) throw new Error(`${this.failed.length} requests failed: ${this.failed.slice(0, 3).join("; ")}`);
  }
}

test("memory, descriptors and the log stay what they are", async (t) => {
  const data = await new_shop(t);
  // A small cache is full after the first quarter: what grows then is not it.
  const server = await start(t, data, { args: ["--supervise", "false", "--cache-bytes", "4M"] });
  const crowd = new Crowd(server.port, random(SEED + 13));
  await crowd.send(REQUESTS / 4); // fills caches and pools
  const looks = [];
  for (let i = 0; i < LOOKS; i++) {
    await crowd.send((REQUESTS * 3) / 4 / LOOKS);
    looks.push(await size_of(server, data));
  }
  // Collectors of garbage come and go: the most of the first looks is held against the most of the last.
  const most = (part, what) => Math.max(...part.map((look) => look[what]));
  const [first, last] = [looks.slice(0, LOOKS / 3), looks.slice(-LOOKS / 3)];
  const before = most(first, "rss");
  const drift = (most(last, "rss") - before) / before;
  if (drift > DRIFT_MOST) throw new Error(`memory grew by ${(drift * 100).toFixed(1)} % of ${before} bytes`);
  if (most(last, "files") > most(first, "files") + OWN_FILES) throw new Error(`open files grew from ${most(first, "files")} to ${most(last, "files")}`);
  const wal_most = most(looks, "wal");
  if (wal_most > WAL_MOST) throw new Error(`the log grew to ${wal_most} bytes`);
  await server.stop();
  await fsck(data);
  const told = await check(join(data, "shop.db"), crowd.promises, await t.folder());
  say(`${crowd.answered} requests; memory ${(before / 1048576).toFixed(1)} MiB ${(drift * 100).toFixed(1)} % (and ${(most(last, "pages") / 1048576).toFixed(1)} MiB of pages of the database), ${most(last, "files")} files, log ${(wal_most / 1048576).toFixed(1)} MiB at most; ${told}`);
}, { timeout: IS_LONG ? 3_600_000 : 240_000 });

test("a reload under load fails nobody", async (t) => {
  const data = await new_shop(t);
  const server = await start(t, data, { args: ["--supervise", "false"] });
  const crowd = new Crowd(server.port, random(SEED + 14));
  let is_over = false;
  let reloads = 0;
  const reloading = (async () => {
    while (!is_over) {
      await sleep(60);
      server.child.kill("SIGHUP");
      reloads++;
    }
  })();
  await crowd.send(REQUESTS / 8);
  is_over = true;
  await reloading;
  const done = () => server.lines().filter((line) => line.msg === "reloaded").length;
  for (let i = 0; i < 100 && done() === 0; i++) await sleep(20);
  if (done() < 3) throw new Error(`it was told ${reloads} times to reload and did so ${done()} times`);
  await server.stop();
  say(`${crowd.answered} requests during ${done()} reloads; ${await check(join(data, "shop.db"), crowd.promises, await t.folder())}`);
}, { timeout: IS_LONG ? 3_600_000 : 120_000 });
