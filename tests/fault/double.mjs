// Impatience: one order, however often it is asked for.
import { join } from "node:path";
import { Shopper, words } from "../support/shopper.mjs";
import { test } from "../scenario/support/test.mjs";
import { IS_LONG, check, command, new_shop, promise_of, query, say, start } from "./support/shop.mjs";
import { send_together } from "./support/together.mjs";

const TIMES = 50;

async function ready_to_place(port) {
  const shopper = new Shopper(port);
  await shopper.add("mug", 2);
  const { form, total } = shopper.placing(await shopper.checkout());
  return { shopper, form, total, bytes: shopper.bytes_of("POST", form.action, shopper.body_of(form)) };
}

test("fifty clicks on one button make one order, and all see it", async (t) => {
  const data = await new_shop(t);
  const server = await start(t, data);
  const count = IS_LONG ? 50 : 4;
  const promises = [];
  for (let round = 0; round < count; round++) {
    const { shopper, form, total, bytes } = await ready_to_place(server.port);
    const replies = await send_together(server.port, Array(TIMES).fill(bytes));
    const places = new Set(replies.map((reply) => `${reply?.status} ${reply?.headers.location}`));
    if (places.size !== 1 || !/^303 .*\/orders\//.test([...places][0])) {
      throw new Error(`${TIMES} clicks were answered in ${places.size} ways: ${[...places].join(", ")}`);
    }
    const token = [...places][0].split("/").at(-1);
    promises.push(promise_of({ token, pieces: 2, total }));
    const late = await shopper.submit(form); // and once more, much later
    if (shopper.order_of(late) !== token) throw new Error(`a late click led to ${late.path}`);
    const seen = words(late.text);
    for (let i = 0; i < 5; i++) {
      if (words((await shopper.visit(`/orders/${token}`)).text) !== seen) throw new Error("a reload shows another order");
    }
    shopper.close();
  }
  const orders = Number((await query(data, "SELECT count(*) FROM orders"))[0]);
  if (orders !== count) throw new Error(`${orders} orders from ${count} carts`);
  say(`${count} times ${TIMES} clicks together: ${orders} orders; ${await check(join(data, "shop.db"), promises, await t.folder())}`);
}, { timeout: 300_000 });

test("two tabs of one cart make one order", async (t) => {
  const data = await new_shop(t);
  const server = await start(t, data);
  const { shopper, bytes } = await ready_to_place(server.port);
  const more = shopper.bytes_of("POST", "/cart/add", `id=${(await shopper.cart()).items[0].id}&quantity=1`);
  const replies = await send_together(server.port, [bytes, more, bytes, more, bytes]);
  const orders = replies.filter((reply) => /\/orders\//.test(reply.headers.location ?? ""));
  const statuses = replies.map((reply) => reply.status).join(" ");
  const made = Number((await query(data, "SELECT count(*) FROM orders"))[0]);
  if (made > 1 || new Set(orders.map((reply) => reply.headers.location)).size > 1) throw new Error(`${made} orders: ${statuses}`);
  if (replies.some((reply) => reply.status >= 500)) throw new Error(`somebody was answered with a failure: ${statuses}`);
  say(`${made} order; answers ${statuses}; ${await check(join(data, "shop.db"))}`);
  shopper.close();
});

test("a command with a key runs once, and its key fits no other arguments", async (t) => {
  const data = await new_shop(t);
  const server = await start(t, data);
  const variant_id = Number((await query(data, "SELECT id FROM variants WHERE sku = 'MUG'"))[0]);
  const balance = async () => Number((await query(data, `SELECT balance FROM accounts WHERE kind = 'stock' AND owner_id IN
    (${variant_id}, (SELECT product_id FROM variants WHERE id = ${variant_id}))`))[0]);
  const before = await balance();
  const adjust = (delta) => command(server, "stock.adjust", { variant_id, delta, reason: "lost" }, "key-1");
  const answers = await Promise.all(Array.from({ length: TIMES }, () => adjust(-3)));
  if (new Set(answers.map((answer) => JSON.stringify(answer))).size !== 1) throw new Error("one key, several answers");
  if ((await balance()) !== before - 3) throw new Error(`the stock fell from ${before} to ${await balance()}`);
  const refused = await adjust(-4).catch((error) => error.code);
  if (refused !== "key.mismatch") throw new Error(`other arguments with the same key: ${JSON.stringify(refused)}`);
  say(`${TIMES} times the same command and key: stock ${before} -> ${await balance()}; other arguments: ${refused}`);
});
