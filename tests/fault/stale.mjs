// Every page may be cached, none may be stale: whatever a page shows is changed while it lies in the cache, and the
// very next visitor must see it, on every worker, with and without an ETag from before.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Shopper, words } from "../support/shopper.mjs";
import { merx, root } from "../scenario/support/server.mjs";
import { sleep, test } from "../scenario/support/test.mjs";
import { IS_LONG, check, command, new_shop, promise_of, query, say, start } from "./support/shop.mjs";

const VISITORS = 6; // connections that look at once: all workers are asked

const PRODUCTS = join(root, "tests/fault/support/products.csv");

// A row of the product file, to be changed and imported again as a merchant would.
class Catalogue {
  constructor(text) {
    const [head, ...rows] = text.trim().split("\n").map(split_line);
    Object.assign(this, { head, rows });
  }

  set(sku, column, value) {
    let at = this.head.indexOf(column);
    if (at < 0) {
      at = this.head.push(column) - 1;
      for (const row of this.rows) row.push("");
    }
    this.rows.find((row) => row[this.head.indexOf("SKU")] === sku)[at] = value;
  }

  toString() {
    return [this.head, ...this.rows].map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",")).join("\n") + "\n";
  }
}

function split_line(line) {
  return [...line.matchAll(/("((?:[^"]|"")*)"|([^,]*))(,|$)/g)].slice(0, line.length ? undefined : 0)
    .filter((match, i, all) => !(match[0] === "" && i === all.length - 1 && all[i - 1]?.[4] === ""))
    .map((match) => (match[2] !== undefined ? match[2].replaceAll('""', '"') : match[3]));
}

async function import_catalogue(t, server, catalogue) {
  const path = join(await t.folder(), "products.csv");
  await writeFile(path, catalogue.toString());
  const result = await merx(["import", "products", path, "--data", server.data, "--share", root]);
  if (result.code !== 0) throw new Error(`the import failed: ${result.stdout}${result.stderr}`);
}

// What a page shows to visitors who have never been here, on as many connections, and to one who has a cart.
function look(server, path) {
  return Promise.all(Array.from({ length: VISITORS + 1 }, async (_, i) => {
    const shopper = new Shopper(server.port);
    if (i === VISITORS) shopper.cookies = (await owner_of_a_cart(server)).cookies;
    const reply = await shopper.visit(path);
    shopper.close();
    return reply;
  }));
}

// Whoever has a cart gets pages of his own, put together from shared parts.
function owner_of_a_cart(server) {
  server.cart_owner ??= (async () => {
    const shopper = new Shopper(server.port);
    await shopper.add("candle", 1);
    shopper.close();
    return shopper;
  })();
  return server.cart_owner;
}

// The head and its links are read, too, but not the menus: they name categories and languages.
function seen(reply) {
  return `${/<title>([^<]*)/.exec(reply.text)?.[1] ?? ""} ${(reply.text.match(/<link rel="alternate"[^>]*>/g) ?? []).join(" ")} ${words(reply.text)}`;
}

function demand(replies, pattern, what) {
  for (const reply of replies) {
    const text = seen(reply);
    if (!pattern.test(text)) throw new Error(`${what}: ${reply.path} does not show ${pattern}: ${text.slice(0, 500)}`);
  }
}

// A browser that comes back with the ETag it has must not be told "not modified".
async function demand_changed(port, path, etag, what) {
  if (!etag) return;
  const shopper = new Shopper(port, { headers: { "If-None-Match": etag } });
  const reply = await shopper.request("GET", path);
  shopper.close();
  if (reply.status !== 200) throw new Error(`${what}: ${path} was answered ${reply.status} to an old ETag`);
}

let looks = 0;

// Pages show the old state, from the cache; then something changes; then they show the new one.
async function mutate(server, what, change, pages) {
  const etags = [];
  for (const { path, was } of pages) {
    await look(server, path); // fills the caches
    const replies = await look(server, path);
    demand(replies, was, `before ${what}`);
    etags.push(replies[0].headers.etag);
  }
  await change();
  for (const [i, { path, now }] of pages.entries()) {
    await demand_changed(server.port, path, etags[i], what);
    demand(await look(server, path), now, `after ${what}`);
    looks += VISITORS + 2;
  }
}

async function cache_hits(server) {
  const text = (await server.ask("metrics"))[1];
  return text.split("\n").filter((line) => /^merx_(page_)?cache\w*\{?.*hit/.test(line)).join("; ");
}

test("a product, its price, category and stock change under cached pages", async (t) => {
  const data = await new_shop(t);
  const server = await start(t, data);
  const catalogue = new Catalogue(await readFile(PRODUCTS, "utf8"));
  const variant_id = Number((await query(data, "SELECT id FROM variants WHERE sku = 'MUG'"))[0]);
  const edit = (sku, changes) => () => {
    for (const [column, value] of Object.entries(changes)) catalogue.set(sku, column, value);
    return import_catalogue(t, server, catalogue);
  };
  const stock = (quantity) => () => command(server, "stock.set", { variant_id, quantity });
  looks = 0;
  await mutate(server, "a new title", edit("MUG", { Name: "Harbour Mug" }), [
    { path: "/products/mug", was: /\bMug\b/, now: /Harbour Mug/ },
    { path: "/collections/kitchen", was: /\bMug\b/, now: /Harbour Mug/ },
    { path: "/collections/all", was: /\bMug\b/, now: /Harbour Mug/ },
    { path: "/search?q=mug", was: /\bMug\b/, now: /Harbour Mug/ },
    { path: "/products/bowl", was: /\bMug\b/, now: /Harbour Mug/ }, // among what goes with it
  ]);
  await mutate(server, "a new price", edit("MUG", { "Regular price": "15.75" }), [
    { path: "/products/mug", was: /12\.99/, now: /15\.75/ },
    { path: "/collections/kitchen", was: /12\.99/, now: /15\.75/ },
    { path: "/collections/all?sort_by=price-ascending", was: /12\.99/, now: /15\.75/ },
    { path: "/products/bowl", was: /12\.99/, now: /15\.75/ },
  ]);
  await mutate(server, "a new description", edit("MUG", { Description: "<p>Holds tea as well.</p>" }), [
    { path: "/products/mug", was: /Holds coffee/, now: /Holds tea as well/ },
  ]);
  await mutate(server, "another category", edit("MUG", { Categories: "Lighting" }), [
    { path: "/collections/lighting", was: /^(?!.*Harbour Mug)/, now: /Harbour Mug/ },
    { path: "/collections/kitchen", was: /Harbour Mug/, now: /^(?!.*Harbour Mug)/ },
    { path: "/products/lamp", was: /^(?!.*Harbour Mug)/, now: /Harbour Mug/ },
    { path: "/products/bowl", was: /Harbour Mug/, now: /^(?!.*Harbour Mug)/ },
  ]);
  await mutate(server, "the last one is gone", stock(0), [
    { path: "/products/mug", was: /^(?!.*sold out)/i, now: /sold out/i },
    { path: "/collections/lighting", was: /^(?!.*sold out)/i, now: /sold out/i },
    { path: "/products/candle", was: /^(?!.*sold out)/i, now: /sold out/i },
  ]);
  await mutate(server, "some came back", stock(7), [
    { path: "/products/mug", was: /sold out/i, now: /^(?!.*sold out)/i },
    { path: "/collections/lighting", was: /sold out/i, now: /^(?!.*sold out)/i },
  ]);
  await mutate(server, "it is unpublished", edit("BOWL", { Published: "0" }), [
    { path: "/collections/kitchen", was: /\bBowl\b/, now: /^(?!.*\bBowl\b)/ },
    { path: "/search?q=bowl", was: /\bBowl\b/, now: /^(?!.*A bowl)/ },
  ]);
  say(`${looks} looks after 7 kinds of changes, none stale; ${await cache_hits(server)}`);
});

test("an order takes the last piece, and every page says so at once", async (t) => {
  const data = await new_shop(t);
  const server = await start(t, data);
  const variant_id = Number((await query(data, "SELECT id FROM variants WHERE sku = 'LAMP'"))[0]);
  await command(server, "stock.set", { variant_id, quantity: 1 });
  const buyer = new Shopper(server.port);
  await mutate(server, "the last lamp is bought", () => buyer.buy("lamp", 1), [
    { path: "/products/lamp", was: /^(?!.*sold out)/i, now: /sold out/i },
    { path: "/collections/lighting", was: /^(?!.*sold out)/i, now: /sold out/i },
  ]);
  buyer.close();
});

// The last page keeps what it offered, so that placing it works nothing out: only while it is true.
test("a price changes while shoppers look at the last page, and nobody pays another one than they saw", async (t) => {
  const data = await new_shop(t);
  const server = await start(t, data);
  const catalogue = new Catalogue(await readFile(PRODUCTS, "utf8"));
  const promises = [];
  for (const [round, price] of ["15.75", "11.25"].entries()) {
    const shoppers = await Promise.all(Array.from({ length: VISITORS }, async () => {
      const shopper = new Shopper(server.port);
      await shopper.add("mug", 1);
      return { shopper, page: await shopper.checkout() };
    }));
    const [early, ...late] = shoppers;
    const order = await early.shopper.place(early.page);
    promises.push(promise_of({ ...order, pieces: 1 }));
    catalogue.set("MUG", "Regular price", price);
    await import_catalogue(t, server, catalogue);
    for (const { shopper, page } of late) {
      const { form, total } = shopper.placing(page);
      const reply = await shopper.submit(form);
      if (reply.status !== 409) throw new Error(`round ${round}: an order at the old price was answered ${reply.status}`);
      const again = await shopper.place(reply);
      if (again.total === total || again.total === order.total) throw new Error(`round ${round}: the total is still ${again.total}`);
      promises.push(promise_of({ ...again, pieces: 1 }));
    }
    for (const { shopper } of shoppers) shopper.close();
  }
  say(`${promises.length} orders; ${await check(join(data, "shop.db"), promises, await t.folder())}`);
});

test("words and settings change under cached pages", async (t) => {
  const data = await new_shop(t);
  const server = await start(t, data);
  const put = (title, body) => command(server, "content.put_page", { handle: "about", title, body });
  await put("About us", "<p>We began in 1994.</p>");
  looks = 0;
  await mutate(server, "a page's text", () => put("Who we are", "<p>We began in 1995.</p>"), [
    { path: "/pages/about", was: /About us.*1994/, now: /Who we are.*1995/ },
  ]);
  const languages = (locales) => () => command(server, "channel.set_languages", { id: 1, locales });
  await mutate(server, "one language less", languages(["en"]), [
    { path: "/products/mug", was: /hreflang="zh-CN"/, now: /^(?!.*hreflang="zh-CN")/ },
    { path: "/", was: /hreflang="zh-CN"/, now: /^(?!.*hreflang="zh-CN")/ },
  ]);
  await mutate(server, "the shop's name", () => command(server, "settings.set", { key: "shop.name", value: "Quayside" }), [
    { path: "/", was: /Merx/, now: /Quayside/ },
    { path: "/products/mug", was: /Merx/, now: /^(?!.*Merx).*Quayside/ },
    { path: "/collections/kitchen", was: /Merx/, now: /^(?!.*Merx).*Quayside/ },
  ]);
  const page = await new Shopper(server.port).get("/zh-CN/products/mug");
  if (page.status !== 404) throw new Error(`a language that is gone is still answered with ${page.status}`);
  say(`${looks} looks after 3 kinds of changes, none stale; ${await cache_hits(server)}`);
});

const DAY = 86_400_000;

test("a sale begins and ends while the pages lie in the cache", async (t) => {
  const data = await new_shop(t);
  const now = Date.UTC(2026, 5, 10, 12);
  const server = await start(t, data, { args: ["--allow-fake-clock", "--world-now", String(now)] });
  const catalogue = new Catalogue(await readFile(PRODUCTS, "utf8"));
  catalogue.set("VASE", "Sale price", "24.00");
  catalogue.set("VASE", "Date sale price starts", "2026-06-12");
  catalogue.set("VASE", "Date sale price ends", "2026-06-20");
  await import_catalogue(t, server, catalogue);
  const clock = (ms) => async () => {
    const answer = await server.ask("clock", String(ms));
    if (answer[0] !== "ok") throw new Error(`the clock was not moved: ${answer.join(" ")}`);
  };
  looks = 0;
  const pages = (was, then) => ["/products/vase", "/products/bowl", "/collections/kitchen"].map((path) => ({ path, was, now: then }));
  await mutate(server, "the sale begins", clock(now + 3 * DAY), pages(/34\.00/, /24\.00/));
  await mutate(server, "the sale ends", clock(now + 14 * DAY), pages(/24\.00/, /^(?!.*24\.00).*34\.00/));
  say(`${looks} looks around two boundaries of time, none stale; ${await cache_hits(server)}`);
});

test("a visitor who comes after a change was answered never sees what was before", async (t) => {
  const data = await new_shop(t);
  const server = await start(t, data);
  const put = (n) => command(server, "content.put_page", { handle: "count", title: "Count", body: `<p>Number ${n} it is.</p>` });
  await put(0);
  let answered = 0;
  let seen = 0;
  let is_over = false;
  const readers = Array.from({ length: 8 }, async () => {
    const shopper = new Shopper(server.port);
    while (!is_over) {
      const least = answered;
      const shown = Number(/Number (\d+) it is/.exec((await shopper.visit("/pages/count")).text)?.[1]);
      if (!(shown >= least)) throw new Error(`number ${shown} was shown after ${least} had been written`);
      seen++;
    }
    shopper.close();
  });
  const end = Date.now() + (IS_LONG ? 60_000 : 4_000);
  const writing = (async () => {
    for (let n = 1; Date.now() < end; n++) {
      await put(n);
      answered = n;
      if (n % 3 === 0) await sleep(2); // now and then long enough for hits
    }
    is_over = true;
  })();
  await Promise.all([...readers, writing]).finally(() => (is_over = true));
  say(`${answered} changes, ${seen} looks meanwhile, none older than its last change`);
}, { timeout: 120_000 });
