// kill -9 while shoppers buy. After each the shop starts by itself or by one command, quickly, with every order that
// anybody was told of; and who was told nothing asks again and gets one order.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Shopper } from "../support/shopper.mjs";
import { eventually, sleep, test } from "../scenario/support/test.mjs";
import { Load } from "./support/load.mjs";
import { IS_LONG, SEED, amount, check, check_no_strays, fsck, free_port, new_shop, promise_of, random, say, start } from "./support/shop.mjs";

const ROUNDS = amount(250, 44, 8);
const CHILD_ROUNDS = amount(50, 6, 2); // of which the supervisor stays

async function look_at_pages(port, orders) {
  const shopper = new Shopper(port);
  for (const order of orders) {
    const page = await shopper.visit(`/orders/${order.token}`);
    if (!page.text.includes("<main")) throw new Error(`the page of order ${order.token} is empty`);
  }
  shopper.close();
}

class Times {
  list = [];

  add(ms) {
    this.list.push(ms);
  }

  toString() {
    const sorted = [...this.list].sort((a, b) => a - b);
    const over = sorted.filter((ms) => ms > 2000).length;
    return `ready again after ${sorted[sorted.length >> 1]} ms (median), ${sorted.at(-1)} ms (longest)${over ? `, ${over} TIMES MORE THAN 2 s` : ""}`;
  }
}

test("the whole service is killed and started again", async (t) => {
  const data = await new_shop(t);
  const scratch = await t.folder();
  const draw = random(SEED);
  const promises = [];
  const times = new Times();
  let asked_again = 0;
  let lost = 0;
  let left; // the load whose shoppers had no answer

  async function ask_again(port) {
    const known = left?.orders.length;
    asked_again += (await left?.ask_again(port)) ?? 0;
    const orders = left?.orders.slice(known) ?? [];
    await look_at_pages(port, orders);
    promises.push(...orders.map(promise_of));
  }

  for (let round = 0; round < ROUNDS; round++) {
    const began = Date.now();
    const server = await start(t, data, { args: ["--supervise", "false"], expectEnd: false });
    if (round > 0) times.add(Date.now() - began);
    await ask_again(server.port);
    const load = new Load(server.port, { shoppers: 6, draw }).start();
    await load.wait_for(1 + Math.floor(draw() * 6));
    await sleep(draw() * 30);
    server.child.kill("SIGKILL");
    await server.ended;
    await load.stop();
    if (load.refused.length > 0) throw load.refused[0];
    lost += load.lost;
    promises.push(...load.orders.map(promise_of));
    left = load;
    await check(join(data, "shop.db"), promises, scratch);
  }
  const server = await start(t, data);
  await ask_again(server.port);
  await server.stop();
  await check_no_strays(data);
  await fsck(data);
  say(await check(join(data, "shop.db"), promises, scratch));
  say(`${ROUNDS} kills, ${lost} requests without an answer, ${asked_again} placings sent again; ${times}`);
}, { timeout: IS_LONG ? 1_800_000 : 180_000 });

// Ends a process that is ours: the child of the supervisor that this test started.
async function kill_child(server) {
  const pid = await server.worker();
  if (pid === server.child.pid) return false;
  const parent = /^PPid:\s*(\d+)/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))[1];
  if (Number(parent) !== server.child.pid) throw new Error("the child is not a child of the supervisor");
  process.kill(pid, "SIGKILL");
  return pid;
}

async function is_serving(port) {
  const shopper = new Shopper(port);
  try {
    return (await shopper.get("/")).status === 200;
  } catch {
    return false;
  } finally {
    shopper.close();
  }
}

test("the serving child is killed and the supervisor brings it back", async (t) => {
  const data = await new_shop(t);
  const scratch = await t.folder();
  const draw = random(SEED + 1);
  const times = new Times();
  const promises = [];
  let asked_again = 0;
  let killed = 0;
  const port = await free_port();
  const server = await start(t, data, { args: ["--supervise", "true"], listen: `127.0.0.1:${port}` });
  for (let round = 0; round < CHILD_ROUNDS; round++) {
    const load = new Load(port, { shoppers: 4, draw }).start();
    await load.wait_for(1 + Math.floor(draw() * 4));
    const pid = await kill_child(server);
    if (!pid) throw new Error("there is no supervised child");
    killed++;
    const began = Date.now();
    load.stop_soon();
    await eventually("the child is back", async () => (await server.worker()) !== pid && (await is_serving(port)), { within: 20_000 });
    times.add(Date.now() - began);
    await load.done;
    asked_again += await load.ask_again(port);
    const orders = load.orders;
    await look_at_pages(port, orders.slice(-3));
    promises.push(...orders.map(promise_of));
    await check(join(data, "shop.db"), promises, scratch);
  }
  await server.stop();
  await check_no_strays(data);
  await fsck(data);
  say(await check(join(data, "shop.db"), promises, scratch));
  say(`${killed} kills of the child, ${asked_again} placings sent again; ${times}`);
}, { timeout: IS_LONG ? 1_800_000 : 180_000 });

test("when the supervisor is killed, its child does not go on alone", async (t) => {
  const data = await new_shop(t);
  const server = await start(t, data, { args: ["--supervise", "true"], expectEnd: false });
  const child = await server.worker();
  if (child === server.child.pid) throw new Error("there is no supervised child");
  server.child.kill("SIGKILL");
  await eventually("the child ends, too", async () => !(await readFile(`/proc/${child}/stat`, "utf8").catch(() => "")) , { within: 30_000 });
  const next = await start(t, data);
  await next.stop();
});
