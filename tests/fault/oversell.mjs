// Ten lamps and a hundred shoppers who all press the button at the same moment.
import { join } from "node:path";
import { Shopper, words } from "../support/shopper.mjs";
import { test } from "../scenario/support/test.mjs";
import { IS_LONG, SEED, check, command, new_shop, promise_of, query, random, say, start } from "./support/shop.mjs";
import { in_groups, send_together } from "./support/together.mjs";

const RECEIVED = 10;

async function variant_of(data, sku) {
  return Number((await query(data, `SELECT id FROM variants WHERE sku = '${sku}'`))[0]);
}

// Shoppers with the last page of the checkout before them.
function queue_up(port, count, quantity_of) {
  return in_groups(count, 10, async (i) => {
    const shopper = new Shopper(port);
    const pieces = quantity_of(i);
    await shopper.add("lamp", pieces);
    const { form, total } = shopper.placing(await shopper.checkout());
    return { shopper, form, total, pieces, bytes: shopper.bytes_of("POST", form.action, shopper.body_of(form)) };
  });
}

// What became of each: orders, and the losers with their answers.
function judge(clients, replies) {
  const orders = [];
  const losers = [];
  replies.forEach((reply, i) => {
    if (!reply) throw new Error("a shopper got no answer");
    const token = reply.status === 303 && /\/orders\/([\w-]+)$/.exec(reply.headers.location)?.[1];
    if (token) orders.push({ ...clients[i], token });
    else losers.push({ ...clients[i], reply });
  });
  return { orders, losers };
}

function check_answer({ reply }) {
  const text = words(reply.text);
  const is_clear = [409, 422].includes(reply.status) && /<form|<a /.test(reply.text) && /stock|left|sold|available/i.test(text);
  if (!is_clear) throw new Error(`a loser was answered ${reply.status}: ${text.slice(0, 300)}`);
}

async function one_round(t, server, { clients, quantity_of, variant_id, scratch, promises }) {
  await command(server, "stock.set", { variant_id, quantity: RECEIVED });
  const queue = await queue_up(server.port, clients, quantity_of);
  const { orders, losers } = judge(queue, await send_together(server.port, queue.map((one) => one.bytes)));
  for (const { shopper } of queue) shopper.close();
  const sold = orders.reduce((sum, order) => sum + order.pieces, 0);
  if (sold > RECEIVED) throw new Error(`${sold} of ${RECEIVED} were sold`);
  const least = Math.min(...losers.map((loser) => loser.pieces));
  if (RECEIVED - sold >= least) throw new Error(`${RECEIVED - sold} were left and ${least} refused`);
  losers.forEach(check_answer);
  promises.push(...orders.map(promise_of));
  await check(join(server.data, "shop.db"), promises, scratch);
  const by_hold = losers.filter(({ reply }) => reply.status === 409).length; // the others were told before, by what they saw
  return { sold, orders: orders.length, losers: losers.length, by_hold };
}

async function rounds(t, count, clients, quantity_of) {
  const data = await new_shop(t);
  const scratch = await t.folder();
  const server = await start(t, data);
  const variant_id = await variant_of(data, "LAMP");
  const promises = [];
  const sums = { sold: 0, orders: 0, losers: 0, by_hold: 0 };
  for (let round = 0; round < count; round++) {
    const result = await one_round(t, server, { clients, quantity_of, variant_id, scratch, promises });
    for (const name of Object.keys(sums)) sums[name] += result[name];
  }
  const page = await new Shopper(server.port).visit("/products/lamp");
  say(`${count} rounds of ${clients} shoppers for ${RECEIVED} lamps: ${sums.sold} sold in ${sums.orders} orders, ${sums.losers} were told that not enough is left (${sums.by_hold} by the writer)`);
  say(await check(join(data, "shop.db"), promises, scratch));
  await server.stop();
  return { sums, page };
}

test("a hundred shoppers want one of ten lamps: ten get one", async (t) => {
  const count = IS_LONG ? 50 : 2;
  const { sums, page } = await rounds(t, count, 100, () => 1);
  if (sums.sold !== RECEIVED * count) throw new Error(`${sums.sold} were sold, ${RECEIVED * count} were there`);
  if (!/sold out/i.test(words(page.text))) throw new Error(`the page does not say that it is sold out: ${words(page.text)}`);
}, { timeout: 600_000 });

test("shoppers who want one to three lamps share ten, and none is stranded", async (t) => {
  const draw = random(SEED);
  await rounds(t, IS_LONG ? 50 : 2, 60, () => 1 + Math.floor(draw() * 3));
}, { timeout: 600_000 });
