// A shop full of plugins that mean harm, on a real server: it goes on selling, others are answered meanwhile, and each of them
// is named.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fsck, new_shop, say, start } from "../fault/support/shop.mjs";
import { plugin as merx_plugin } from "../support/packages.mjs";
import { forms, Shopper, words } from "../support/shopper.mjs";
import { request } from "./support/http.mjs";
import { merx, root } from "./support/server.mjs";
import { eventually, sleep, test } from "./support/test.mjs";

const SHOPPERS = 4;
const ORDERS = 3; // of each
const VISITS = 150;
const TRIES = 10; // of a request that finds no room
// Nobody waits longer: what all of them together may take of one request before they rest, and a machine that is shared.
const LONGEST_WAIT = 10_000;

// So many effects take a tenth of a second each before they are stopped: four seconds, for whoever waited for them all.
const LOOPING = 40;
const LONGEST_PAYMENT = 2000;

const LOOP = "while true do pcall(function() while true do end end) end";
const MEMORY = "local t = {} while true do t[#t + 1] = { #t .. 'x' } end";
const BACKTRACK = "return (('a'):rep(5000)):find(('a*'):rep(4) .. 'b')";
const NONSENSE = "return { { op = 'set_total', amount = 0 / 0 } }";
const THROW = "error(('x'):rep(100000) .. '\\27[2J\\nstack traceback:\\n forged')";
const DOUBLES = "local t = { 1 } for i = 1, 40 do t = { t, t } end return t";

// name, place under `contributes`, point, what its handler does, and what its entry says besides.
const PLUGINS = [
  ["prices", "price_rules", "price_rule", LOOP, { input: ["now", "lines[].id"] }],
  ["cheap", "price_rules", "price_rule", NONSENSE, { input: ["now", "lines[].id"] }],
  ["delivery", "delivery_methods", "delivery_method", THROW, { input: ["now"] }],
  ["payment", "payment_methods", "payment_method", MEMORY, { input: ["now"], flow: "offline" }],
  ["fees", "fee_rules", "fee_rule", DOUBLES, { input: ["now"] }],
  ["tax", "tax_providers", "tax_provider", LOOP, { input: ["now"] }],
  ["tender", "tender_rules", "tender_rule", BACKTRACK, { input: ["now"] }],
  ["badges", "view_patches", "view_patch", LOOP, { view: "product_card", input: ["items[].id"], writes: ["badges"] }],
  ["events", "events", "event", LOOP, { on: "order.placed" }],
  ["hungry", "events", "event", MEMORY, { on: "order.placed" }],
  ["route", "routes", "route", LOOP, { path: "/apps/hostile.route/x" }],
];

async function plant(data, [name, place, point, body, more]) {
  const folder = join(data, "plugins", `hostile.${name}`);
  await mkdir(join(folder, "src"), { recursive: true });
  await writeFile(join(folder, "src", "m.lua"), `return { f = function(input) ${body} end }`);
  await writeFile(join(folder, "plugin.json"), JSON.stringify({
    manifest: 1, id: `hostile.${name}`, version: "1.0.0", name, license: "MIT", description: "Means harm.", engine: ">=0.1 <1",
    api: { [point]: 1 }, contributes: { [place]: [{ id: "x", handler: "m:f", ...more }] },
  }));
}

// Asks for pages and buys at once; says how long each answer took, in milliseconds, shortest first.
async function trade(port) {
  const waits = [];
  const answered = (reply, since) => {
    waits.push(performance.now() - since);
    // Who finds no room is told to come back; nobody meets an error.
    assert.ok(reply.status < 500 || reply.status === 503, `${reply.path} answered ${reply.status}`);
    return reply.status !== 503;
  };
  async function visit() {
    const paths = ["/", "/products/mug", "/collections/all", "/search?q=lamp", "/cart"];
    for (let i = 0; i < VISITS; i++) {
      const since = performance.now();
      const path = paths[i % paths.length];
      answered(Object.assign(await request(port, path), { path }), since);
    }
  }
  async function buy() {
    for (let i = 0; i < ORDERS; i++) {
      const shopper = new Shopper(port);
      const ask = shopper.request.bind(shopper);
      shopper.request = async (...args) => {
        for (let tries = 1; ; tries++) {
          const since = performance.now();
          const reply = await ask(...args);
          if (answered(reply, since) || tries === TRIES) return reply;
          await sleep(500);
        }
      };
      await shopper.buy("mug", 1 + i);
      shopper.close();
    }
  }
  await Promise.all([visit(), ...Array.from({ length: SHOPPERS }, buy)]);
  return waits.sort((a, b) => a - b);
}

const p99 = (waits) => waits[Math.floor(waits.length * 0.99)];

test("a shop full of hostile plugins sells, answers everybody, and names each of them", async (t) => {
  const calm_data = await new_shop(t);
  const calm = await start(t, calm_data);
  const calm_waits = await trade(calm.port);

  const data = await new_shop(t);
  for (const plugin of PLUGINS) await plant(data, plugin);
  const server = await start(t, data);
  let asking = true;
  const pesterer = (async () => {
    while (asking) await request(server.port, "/apps/hostile.route/x").catch(() => {});
  })();
  const waits = await trade(server.port).finally(() => (asking = false));
  await pesterer;

  say(`99 in 100 were answered within ${p99(waits).toFixed(0)} ms, without them within ${p99(calm_waits).toFixed(0)} ms: ` +
    `${(p99(waits) / p99(calm_waits)).toFixed(1)} times; the longest wait was ${waits.at(-1).toFixed(0)} ms`);
  assert.ok(waits.at(-1) < LONGEST_WAIT, `somebody waited ${waits.at(-1).toFixed(0)} ms`);
  for (const [name] of PLUGINS) {
    if (name === "tax") continue; // nobody bound it
    await eventually(`the log names hostile.${name}`, () => server.lines().some((line) => line.plugin === `hostile.${name}` || line.msg.includes(`hostile.${name}/x`)));
  }
  assert.ok(!server.lines().some((line) => line.plugin === "hostile.tax"), "a tax provider that nobody bound was asked");
  assert.ok(!server.log.includes("\x1b[2J"), "the log has control characters");
  assert.ok(server.lines().every((line) => JSON.stringify(line).length < 8000), "the log has lines without end");
  await fsck(data);
}, { timeout: 240_000 });

for (const [name, place, point] of [["validator", "cart_validators", "cart_validator"], ["filter", "payment_filters", "payment_filter"],
  ["tax", "tax_providers", "tax_provider"]]) {
  test(`a ${point} that loops closes the checkout with words, not with an error`, async (t) => {
    const data = await new_shop(t);
    await plant(data, [name, place, point, LOOP, { input: ["now"] }]);
    if (point === "tax_provider") await merx_plugin(["bind", point, "hostile.tax"], { data }); // and no other takes its place
    const server = await start(t, data);
    const shopper = new Shopper(server.port);
    await shopper.add("mug", 1);
    const page = await shopper.get("/checkout");
    assert.equal(page.status, 422);
    assert.ok(words(page.text).includes("A rule of the shop could not be checked"), words(page.text));
    assert.ok(server.lines().some((line) => line.plugin === `hostile.${name}` && line.code === "budget"));
    shopper.close();
  });
}

// Waits until the shopper's browser is sent on to the provider; the path of the provider's page.
async function way_to_provider(shopper, token) {
  return eventually("the way to the provider", async () => {
    const reply = await shopper.request("GET", `/orders/${token}/payment?go=1`);
    return /^0; url=http:\/\/[^/]+(\/test-provider\/.*)$/.exec(reply.headers.refresh ?? "")?.[1];
  }, { every: 20 });
}

test("effects that loop delay no payment of another plugin", async (t) => {
  const data = await new_shop(t);
  for (let i = 0; i < LOOPING; i++) await plant(data, [`loop${i}`, "events", "event", LOOP, { on: "order.placed" }]);
  const server = await start(t, data, { args: ["--client-private"] });
  for (const [key, value] of [["payment.test_mode", "true"], ["plugin.merx.test-pay.key", "a key for trials"],
    ["plugin.merx.test-pay.endpoint", `http://127.0.0.1:${server.port}/test-provider`]]) {
    const set = await merx(["settings", "set", key, value, "--data", data, "--share", root]);
    assert.equal(set.code, 0, set.stderr);
  }
  const shopper = new Shopper(server.port);
  await shopper.add("mug", 1);
  const { form } = shopper.placing(await shopper.checkout());
  const since = performance.now();
  const placed = await shopper.request("POST", form.action, shopper.body_of(form, { payment: "merx.test-pay/card" }));
  assert.equal(placed.status, 303, words(placed.text));
  const token = /\/orders\/([^/]+)/.exec(placed.headers.location)[1];
  const path = await way_to_provider(shopper, token);
  const asked = performance.now() - since;
  const page = await shopper.visit(path);
  await shopper.request("POST", path, shopper.body_of(forms(page.text)[0]));
  await eventually("the order is paid", async () => /paid/.test(words((await shopper.get(`/orders/${token}`)).text)), { every: 20 });
  const paid = performance.now() - since;
  shopper.close();
  say(`the provider was asked after ${asked.toFixed(0)} ms and the order paid after ${paid.toFixed(0)} ms, beside ${LOOPING} effects that loop`);
  assert.ok(paid < LONGEST_PAYMENT, `${paid.toFixed(0)} ms`);
  await eventually("each of them was stopped", () =>
    new Set(server.lines().filter((line) => line.code === "budget").map((line) => line.plugin)).size === LOOPING, { within: 30_000 });
}, { timeout: 120_000 });

// Manifests and folders that would keep a server from starting, or its other plugins from being asked.
const BROKEN = {
  "no JSON": async (folder) => writeFile(join(folder, "plugin.json"), "{"),
  "a manifest of megabytes": async (folder) => writeFile(join(folder, "plugin.json"), `{"x":"${"y".repeat(1 << 24)}"}`),
  "a manifest nested without end": async (folder) => writeFile(join(folder, "plugin.json"), "[".repeat(1 << 16)),
  "a folder instead of a manifest": async (folder) => mkdir(join(folder, "plugin.json")),
  "texts that are no texts": async (folder) => {
    await plant(join(folder, "../.."), ["broken", "price_rules", "price_rule", THROW, { input: ["now"] }]);
    await mkdir(join(folder, "locales/en.json"), { recursive: true });
    await writeFile(join(folder, "locales/de.json"), "7");
    await writeFile(join(folder, "locales/fr.json"), `{"a":[1,{"b":null}],"c":{"one":3}}`);
    await writeFile(join(folder, "locales/x.json"), "{");
  },
  "a file instead of texts": async (folder) => {
    await plant(join(folder, "../.."), ["broken", "price_rules", "price_rule", THROW, { input: ["now"] }]);
    await writeFile(join(folder, "locales"), "x");
  },
  "a pipe instead of a manifest": async (folder) => execFileSync("mkfifo", [join(folder, "plugin.json")]),
  "a pipe instead of texts": async (folder) => {
    await plant(join(folder, "../.."), ["broken", "price_rules", "price_rule", THROW, { input: ["now"] }]);
    await mkdir(join(folder, "locales"));
    execFileSync("mkfifo", [join(folder, "locales/en.json")]);
  },
  "texts that cannot be put together": async (folder) => {
    await plant(join(folder, "../.."), ["broken", "delivery_methods", "delivery_method",
      "return { { op = 'rate', id = 'x', amount = 1, title = 'title', description = { 'other', n = 1 } } }", { title: "title", input: ["now"] }]);
    await mkdir(join(folder, "locales"));
    await writeFile(join(folder, "locales/en.json"), JSON.stringify({ title: "{n, plural, one {", other: "{n, select, {{{" }));
  },
  "an order that is a circle": async (folder) => plant(join(folder, "../.."),
    ["broken", "delivery_methods", "delivery_method", THROW, { input: ["now"], before: ["merx.flat-rate"], after: ["merx.flat-rate"] }]),
};

for (const [name, make] of Object.entries(BROKEN)) {
  test(`a plugin with ${name} keeps nobody from selling`, async (t) => {
    const data = await new_shop(t);
    const folder = join(data, "plugins", "hostile.broken");
    await mkdir(folder, { recursive: true });
    await make(folder);
    const server = await start(t, data);
    const shopper = new Shopper(server.port);
    await shopper.buy("mug", 1);
    shopper.close();
    const info = await merx(["plugin", "info", "hostile.broken", "--data", data, "--share", root]);
    assert.equal(info.code, 0, info.stderr);
    assert.match(info.stdout, /hostile\.broken|broken/);
  });
}
