// Every call that may fail is made to fail, once and for good: memory, files, syncs, sockets, new connections. Whatever
// fails, the process gets no signal, nobody is told of an order that is not on disk, and when the fault is gone the
// shop sells again: at once, or after the restart that it asks for.
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Lost, Refused, Shopper } from "../support/shopper.mjs";
import { COMPLAINTS, merx } from "../scenario/support/server.mjs";
import { sleep, test } from "../scenario/support/test.mjs";
import { IS_LONG, IS_SANITIZED, SEED, amount, check, fsck, new_shop, promise_of, random, say, start, tools } from "./support/shop.mjs";
import { FOR_GOOD, SHORT, Switch } from "./support/faulty.mjs";

const NO_MEMORY = 71;
const EACH_WAITS = 3000; // ms; a purchase on a sound server takes a hundredth of it
const FULL_WAITS = 5000; // ms; within that a shop sees that there is room again

// One server after another on the same folder, all under one switch.
class Patient {
  constructor(t, data, scratch) {
    Object.assign(this, { t, data, scratch, promises: [], endings: 0, restarts: 0, refused: 0, lost: 0, placed: 0 });
    this.switch = new Switch(join(scratch, "switch"));
  }

  async wake() {
    this.server = await start(this.t, this.data, {
      args: ["--supervise", "false"], env: this.switch.env(this.data), expectEnd: false, workers: 1,
    });
    this.ending = undefined;
    this.server.ended.then((result) => (this.ending = result));
  }

  // What became of a purchase.
  async buy() {
    const shopper = new Shopper(this.server.port);
    let timer;
    const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Lost("no answer in time")), EACH_WAITS)));
    try {
      const order = await Promise.race([shopper.buy("mug", 1), late]);
      this.promises.push(promise_of({ ...order, pieces: 1 }));
      this.placed++;
      return order;
    } catch (error) {
      if (error instanceof Refused) this.refused++;
      else if (error instanceof Lost) this.lost++;
      else throw error;
      return error;
    } finally {
      clearTimeout(timer);
      shopper.close();
    }
  }

  // How many calls of a kind a purchase makes at least.
  async count(kind) {
    let least = FOR_GOOD;
    for (let i = 0; i < 4; i++) {
      this.switch.arm({ kind, how: "EIO", first: FOR_GOOD });
      const order = await this.buy();
      if (order instanceof Error) throw order;
      const { seen } = this.switch.disarm();
      if (i > 0) least = Math.min(least, seen); // the first one fills caches
    }
    return least;
  }

  // A purchase while something fails, and then one on sound ground.
  async suffer(fault) {
    const what = `${fault.how} at ${fault.kind} ${fault.first}${fault.times === FOR_GOOD ? " for good" : ""}`;
    this.switch.arm(fault);
    const answer = await this.buy();
    const { failed } = this.switch.disarm();
    if (answer instanceof Refused && answer.status < 500) throw new Error(`${what}: a shopper was told that it is his mistake: ${answer.message}`);
    await this.recover(what, fault);
    return failed > 0;
  }

  async recover(what, { kind }) {
    for (let i = 0; i < 3; i++) {
      if (!this.ending) await sleep(5); // it may be ending
      if (this.ending) {
        const { code, signal } = this.ending;
        if (signal || code !== NO_MEMORY || kind !== "memory") throw new Error(`${what}: the server ended with ${code ?? signal}:\n${this.server.log.slice(-2000)}`);
        if (!/out of memory/.test(this.server.log)) throw new Error(`${what}: it ended for want of memory without a word`);
        this.endings++;
        await this.wake();
      }
      this.server.check();
      if (await this.sells(/the disk is full/.test(this.server.log) ? FULL_WAITS : 0)) return;
      if (i === 1 && !this.ending) { // it does not trust this disk any more: a restart is what it asks for
        if (!/until a restart/.test(this.server.log)) throw new Error(`${what}: the shop does not sell again and does not say why:\n${this.server.log.slice(-2000)}`);
        await this.restart();
      }
    }
    throw new Error(`${what}: the shop did not sell again after a restart`);
  }

  // Whether somebody can buy, within so many ms.
  async sells(within) {
    const end = Date.now() + within;
    for (;;) {
      if (!((await this.buy()) instanceof Error)) return true;
      if (Date.now() > end) return false;
      await sleep(100);
    }
  }

  async restart() {
    this.restarts++;
    await this.end();
    await this.wake();
  }

  async end() {
    this.server.child.kill("SIGTERM");
    const { code, signal } = await this.server.ended;
    if (signal || code !== 0) throw new Error(`a sound stop ended with ${code ?? signal}:\n${this.server.log.slice(-2000)}`);
  }

  async finish() {
    await this.end();
    this.switch.close();
    await fsck(this.data);
    const told = await check(join(this.data, "shop.db"), this.promises, this.scratch);
    return `${this.placed} orders, ${this.refused} refused, ${this.lost} without an answer, ${this.endings} endings for want of memory, ${this.restarts} restarts; ${told}`;
  }
}

async function new_patient(t) {
  const patient = new Patient(t, await new_shop(t), await t.folder());
  await patient.wake();
  const order = await patient.buy();
  if (order instanceof Error) throw order;
  return patient;
}

// Some of 1 to `count`, the first ones always; all in a long run.
function some_of(count, wanted, draw) {
  if (IS_LONG || count <= wanted) return Array.from({ length: Math.min(count, IS_LONG ? 4000 : wanted) }, (_, i) => i + 1);
  const chosen = new Set([1, 2]);
  while (chosen.size < wanted) chosen.add(1 + Math.floor(draw() * count));
  return [...chosen].sort((a, b) => a - b);
}

test("when memory is refused, a page fails or the process ends with 71, and nothing is lost", async (t) => {
  const patient = await new_patient(t);
  const draw = random(SEED + 71);
  const count = await patient.count("memory");
  let met = 0;
  for (const first of some_of(count, amount(60, 60, 20), draw)) met += await patient.suffer({ kind: "memory", how: "ENOMEM", first });
  for (const first of some_of(count, amount(12, 12, 4), draw)) met += await patient.suffer({ kind: "memory", how: "ENOMEM", first, times: FOR_GOOD });
  if (met < amount(36, 36, 12)) throw new Error(`only ${met} allocations failed`);
  say(`a purchase allocates ${count} times; ${met} were refused: ${await patient.finish()}`);
}, { timeout: IS_LONG ? 3_600_000 : 300_000 });

const FAULTS = {
  "a write into the folder": ["file_write", ["ENOSPC", "EIO", "EINTR", SHORT]],
  "a sync": ["file_sync", ["EIO", "EINTR", "ENOSPC"]],
  "a read from the folder": ["file_read", ["EIO", "EINTR", SHORT]],
  "a read from a visitor": ["socket_read", ["ECONNRESET", "EINTR", "EAGAIN", SHORT]],
  "a write to a visitor": ["socket_write", ["ECONNRESET", "EPIPE", "EINTR", "EAGAIN", SHORT]],
  "a new connection": ["accept", ["EMFILE", "ENFILE", "ECONNABORTED", "EINTR", "ENOBUFS", "EAGAIN"]],
  "waiting for events": ["wait", ["EINTR"]],
};

for (const [what, [kind, ways]] of Object.entries(FAULTS)) {
  test(`when ${what} fails, no promise is broken and the shop sells again`, async (t) => {
    const patient = await new_patient(t);
    const draw = random(SEED + kind.length);
    const count = await patient.count(kind);
    let met = 0;
    let runs = 0;
    for (const how of ways) {
      for (const first of some_of(Math.max(count, 1), amount(5, 5, 1), draw)) {
        met += await patient.suffer({ kind, how, first });
        runs++;
      }
      if (how !== "EAGAIN" && how !== "EINTR") { // nobody is interrupted for ever
        met += await patient.suffer({ kind, how, first: 1, times: how === SHORT ? 50 : FOR_GOOD });
        runs++;
      }
    }
    if (met === 0) throw new Error("not one call failed");
    say(`a purchase makes ${count} such calls; ${ways.join(", ")}: failed in ${met} of ${runs} runs; ${await patient.finish()}`);
  }, { timeout: IS_LONG ? 3_600_000 : 240_000 });
}

// --- does the net catch? ----------------------------------------------------------------------------

test("what leaks is seen when the process ends", async (t) => {
  if (!IS_SANITIZED) t.skip("this program looks for no leaks: give a build with AddressSanitizer");
  const result = await merx(["version"], { env: { LD_PRELOAD: join(tools, "faulty.so"), FAULTY_LEAK: "4711" } });
  if (result.code === 0 || !/LeakSanitizer/.test(result.stderr) || !/4711 byte/.test(result.stderr)) throw new Error(`nobody saw 4,711 bytes that leaked:\n${result.stderr}`);
});

// --- while it starts --------------------------------------------------------------------------------

// Files are made, opened, cut and mapped then; a purchase does little of it.
const STARTING = {
  memory: ["ENOMEM"], file_read: ["EIO", "EINTR", SHORT], file_write: ["ENOSPC", "EIO", "EINTR", SHORT], file_sync: ["EIO", "EINTR"],
  file_open: ["EMFILE", "EIO", "EINTR", "EACCES"], file_cut: ["EIO"], map: ["ENOMEM"],
};

// The first start in a folder, under a fault: it serves all the same, or ends with a word.
async function start_under(t, data, control, fault) {
  await mkdir(data);
  control.arm(fault);
  const env = control.env(data);
  const result = await start(t, data, { args: ["--supervise", "false"], env, expectEnd: false, workers: 1 }).then(
    (server) => ({ server }), (error) => ({ text: error.message }));
  const counts = control.disarm();
  if (!result.server) return { ...counts, text: result.text };
  result.server.child.kill("SIGTERM");
  const { code, signal } = await result.server.ended;
  const is_short_of_memory = fault.kind === "memory" && code === NO_MEMORY && /out of memory/.test(result.server.log);
  if (signal || (code !== 0 && !is_short_of_memory)) throw new Error(`the server ended with ${code ?? signal}:\n${result.server.log}`);
  return counts;
}

// And the next one, on sound ground, which must find a folder that it can use.
async function start_again(t, data) {
  const server = await start(t, data, { args: ["--supervise", "false"], workers: 1 });
  const shopper = new Shopper(server.port);
  await shopper.visit("/");
  shopper.close();
  await server.stop();
}

async function try_start(t, data, control, fault) {
  const what = `${fault.how} at ${fault.kind} ${fault.first}${fault.times === FOR_GOOD ? " for good" : ""}`;
  try {
    const counts = await start_under(t, data, control, fault);
    if (counts.text && /"signal":"/.test(counts.text)) throw new Error(`the start ended by a signal: ${counts.text}`);
    if (counts.text && COMPLAINTS.test(counts.text)) throw new Error(`the start failed and complained: ${counts.text}`);
    if (counts.text && !/"level":"error"/.test(counts.text)) throw new Error(`the start failed without a word: ${counts.text}`);
    await start_again(t, data);
    return counts;
  } catch (error) {
    throw new Error(`${what}: ${error.message}`, { cause: error });
  }
}

test("when a call fails while a shop begins, it ends with a word or serves, and the next start is sound", async (t) => {
  const scratch = await t.folder();
  const control = new Switch(join(scratch, "switch"));
  const draw = random(SEED + 5);
  const told = [];
  let runs = 0;
  let refusals = 0;
  const attempt = async (fault) => {
    const data = join(scratch, `data-${runs++}`);
    const counts = await try_start(t, data, control, fault);
    await rm(data, { recursive: true });
    return counts;
  };
  for (const [kind, ways] of Object.entries(STARTING)) {
    const { seen } = await attempt({ kind, how: ways[0], first: FOR_GOOD });
    let met = 0;
    for (const how of ways) {
      for (const first of some_of(seen, kind === "memory" ? amount(25, 25, 6) : amount(4, 4, 1), draw)) {
        const { text, failed } = await attempt({ kind, how, first, times: first % 2 === 0 && how !== "EINTR" ? FOR_GOOD : 1 });
        met += failed > 0 ? 1 : 0;
        refusals += text === undefined ? 0 : 1;
      }
    }
    if (met === 0) throw new Error(`not one ${kind} of ${seen} failed`);
    told.push(`${kind} ${met} (of ${seen} calls)`);
  }
  control.close();
  say(`${runs} first starts, ${refusals} ended with a word; what failed: ${told.join(", ")}`);
}, { timeout: IS_LONG ? 3_600_000 : 300_000 });
