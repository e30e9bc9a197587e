// What shoppers see while plugins are switched: never anything of a plugin that is gone, from no cache and no worker, and no
// request fails.
import assert from "node:assert/strict";
import { join } from "node:path";
import { new_shop, start } from "../fault/support/shop.mjs";
import { lay, plugin } from "../support/packages.mjs";
import { GUEST, Shopper, find_form, words } from "../support/shopper.mjs";
import { request } from "./support/http.mjs";
import { sleep, test } from "./support/test.mjs";

const ID = "acme.marks";
const VISITORS = 6; // connections that look at once: both workers are asked

// Takes something off each price, marks each card, brings a way to send things and answers at an address of its own: each
// version another one.
const manifest = (version, off) => ({
  id: ID, version, api: { price_rule: 1, view_patch: 1, delivery_method: 1, route: 1 },
  contributes: {
    locales: ["en"],
    price_rules: [{
      id: "off", handler: "rules:price", input: ["lines[].id", "lines[].unit"],
      settings: { off: { type: "integer", min: 0, default: off, label: "off" } },
    }],
    view_patches: [{ id: "mark", handler: "rules:mark", view: "product_card", input: ["items[].id"], writes: ["badges"] }],
    delivery_methods: [{ id: "bird", handler: "rules:send", input: ["subtotal"], title: "bird" }],
    routes: [{ id: "say", path: `/apps/${ID}/say`, handler: "rules:say" }],
  },
});

const source = (version) => `
local M = {}
function M.price(input, settings)
  local ops = {}
  for i, line in ipairs(input.lines) do ops[i] = { op = "set_unit", line = line.id, amount = line.unit - settings.off, reason = { "less" } } end
  return ops
end
function M.mark(input)
  local out = {}
  for i, item in ipairs(input.items) do out[i] = { id = item.id, badges = { "marked by ${version}" } } end
  return out
end
function M.send() return { { op = "rate", id = "bird", title = "By bird ${version}", amount = 100 } } end
function M.say() return { json = { says = "${version}" } } end
return M
`;

// A mug costs 12.99.
const VERSIONS = { "1.0.0": { off: 100, price: "11.99" }, "1.1.0": { off: 250, price: "10.49" } };

async function pack(t) {
  const folder = await t.folder();
  const packages = {};
  for (const [version, { off }] of Object.entries(VERSIONS)) {
    await lay(join(folder, version), version, source(version), manifest(version, off));
    packages[version] = join(folder, `${version}.tar`);
    await plugin(["pack", "-o", packages[version], join(folder, version)]);
  }
  return packages;
}

async function look(server, path, cookies) {
  return Promise.all(Array.from({ length: VISITORS }, async () => {
    const shopper = new Shopper(server.port);
    if (cookies) shopper.cookies = new Map(cookies);
    const reply = await shopper.visit(path);
    shopper.close();
    return reply.text;
  }));
}

// `version` undefined: the plugin is not in force.
async function demand(server, owner, version, what) {
  const price = version ? VERSIONS[version].price : "12.99";
  for (let round = 0; round < 2; round++) { // the second time from what the first has kept
    for (const [path, cookies] of [["/products/mug"], ["/collections/all"], ["/collections/kitchen"], ["/"], ["/products/bowl", owner.cookies],
      ["/collections/all", owner.cookies], ["/cart", owner.cookies]]) {
      for (const text of await look(server, path, cookies)) {
        const shown = words(text);
        const told = `${what}: ${path}${cookies ? " of a cart" : ""}, round ${round}`;
        if (path !== "/") assert.ok(shown.includes(price), `${told} does not show ${price}: ${shown.slice(0, 600)}`);
        for (const other of Object.values(VERSIONS)) {
          assert.ok(other.price === price || !shown.includes(other.price), `${told} shows ${other.price}: ${shown.slice(0, 600)}`);
        }
        const marks = [...new Set(text.match(/marked by [\d.]+/g) ?? [])];
        assert.ok(marks.every((mark) => mark === `marked by ${version}`), `${told} shows ${marks}`);
        if (path === "/collections/all") assert.equal(marks.length, version ? 1 : 0, told);
      }
    }
    const reply = await request(server.port, `/apps/${ID}/say`);
    assert.equal(reply.status, version ? 200 : 404, what);
    if (version) assert.equal(JSON.parse(reply.text).says, version, what);
  }
}

test("whatever lies in a cache, each page shows what the plugins in force make of it", async (t) => {
  const packages = await pack(t);
  const data = await new_shop(t);
  const server = await start(t, data, { args: ["--workers", "2"] });
  const owner = new Shopper(server.port);
  await owner.add("mug", 1);
  const change = async (args, version) => {
    await plugin(args, { data });
    await demand(server, owner, version, args[0]);
  };
  await demand(server, owner, undefined, "before");
  await change(["install", "--unsigned", packages["1.0.0"]], "1.0.0");
  await change(["upgrade", "--unsigned", packages["1.1.0"]], "1.1.0");
  await change(["disable", ID], undefined);
  await change(["enable", ID], "1.1.0");
  for (const version of [undefined, "1.1.0", "1.0.0", undefined]) await change(["rollback"], version);
  await change(["install", "--unsigned", packages["1.0.0"]], "1.0.0");
  await change(["uninstall", ID], undefined);
  owner.close();
});

// A shopper of whom each request was sent at a known time, so that it is known what it may show.
async function keep_asking(server, state, told) {
  const shopper = new Shopper(server.port);
  while (!state.is_over) {
    const before = state.settled;
    const reply = await shopper.visit("/products/mug");
    told.count++;
    const off = !/11\.99/.test(words(reply.text));
    const allowed = state.settled === before && !state.is_changing ? [before] : ["on", "off"];
    if (reply.status !== 200) told.wrong.push(`${reply.status}`);
    else if (!allowed.includes(off ? "off" : "on")) told.wrong.push(`${off ? "off" : "on"} while it was ${before}`);
  }
  shopper.close();
}

test("under load no request fails, and who asks after a switch sees the new plugins, whatever is reloaded meanwhile", async (t) => {
  const packages = await pack(t);
  const data = await new_shop(t);
  const server = await start(t, data, { args: ["--workers", "2"] });
  await plugin(["install", "--unsigned", packages["1.0.0"]], { data });
  const state = { settled: "on", is_changing: false, is_over: false };
  const told = { count: 0, wrong: [] };
  const crowd = Array.from({ length: VISITORS }, () => keep_asking(server, state, told));
  for (let i = 0; i < 8; i++) {
    await sleep(50);
    state.is_changing = true;
    if (i % 3 === 2) server.child.kill("SIGHUP");
    await plugin([i % 2 ? "enable" : "disable", ID], { data });
    if (i % 3 === 1) server.child.kill("SIGHUP");
    state.settled = i % 2 ? "on" : "off";
    state.is_changing = false;
  }
  await sleep(100);
  state.is_over = true;
  await Promise.all(crowd);
  assert.deepEqual([...new Set(told.wrong)], []);
  assert.ok(told.count > 100, `${told.count} requests`);
  const complaints = server.lines().filter((line) => line.level === "error");
  assert.deepEqual(complaints, []);
});

test("a delivery of a plugin that was switched off meanwhile cannot be chosen", async (t) => {
  const packages = await pack(t);
  const data = await new_shop(t);
  const server = await start(t, data, { args: ["--workers", "2"] });
  await plugin(["install", "--unsigned", packages["1.0.0"]], { data });
  const shopper = new Shopper(server.port);
  await shopper.add("mug", 1);
  const address = find_form(await shopper.visit("/checkout"), /\/checkout\/address$/);
  const asked = address.fields.map(([name]) => name).filter((name) => name in GUEST.fields && name !== "country");
  const page = await shopper.submit(address, { email: GUEST.email, ...Object.fromEntries(asked.map((name) => [name, GUEST.fields[name]])) });
  const form = find_form(page, /\/checkout\/delivery$/);
  assert.match(words(page.text), /By bird 1\.0\.0/);
  const [, bird] = /<input\b[^>]*value="([^"]*bird[^"]*)"/.exec(form.html);
  const field = form.fields.find(([name]) => name === "delivery")[0];
  await plugin(["disable", ID], { data });
  const reply = await shopper.submit(form, { [field]: bird });
  assert.match(reply.path, /\/checkout\/delivery$/);
  assert.doesNotMatch(words(reply.text), /By bird/);
  shopper.close();
});
