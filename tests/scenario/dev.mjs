// merx dev: a change shows at once, mail and requests are kept, errors show their source; for this machine only.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { new_shop, start } from "../fault/support/shop.mjs";
import { forms, Shopper } from "../support/shopper.mjs";
import { request } from "./support/http.mjs";
import { merx, root } from "./support/server.mjs";
import { eventually, test } from "./support/test.mjs";

const MANIFEST = {
  manifest: 1, id: "acme.hi", version: "1.0.0", name: "Hi", license: "MIT", engine: ">=0.1 <1", api: { route: 1 },
  contributes: { routes: [{ id: "hi", path: "/apps/acme.hi", handler: "hi:hi" }] },
};

async function write(data, code) {
  const folder = join(data, "plugins", "acme.hi");
  await mkdir(join(folder, "src"), { recursive: true });
  await writeFile(join(folder, "src", "hi.lua"), code);
  await writeFile(join(folder, "plugin.json"), JSON.stringify(MANIFEST));
}

const says = (port, words) => async () => {
  const { text } = await request(port, "/apps/acme.hi");
  return text.includes(words) && text;
};

test("a new plugin, and a change of it, are there without a restart; an error shows its lines", async (t) => {
  const data = await new_shop(t);
  const server = await start(t, data, { args: ["--dev"] });
  await write(data, 'return { hi = function() return { text = "one" } end }\n');
  await eventually("the new plugin answers", says(server.port, "one"));
  await write(data, 'return { hi = function() return { text = "two" } end }\n');
  await eventually("the change shows", says(server.port, "two"));
  await write(data, 'local M = {}\n\nfunction M.hi(input)\n  local wanted <const> = input.query.none\n  return { text = wanted.text }\nend\n\nreturn M\n');
  const page = await eventually("the error shows", says(server.port, "attempt to index a nil value"));
  assert.match(page, /acme\.hi\/src\/hi\.lua:5/);
  assert.match(page, /<span class="it">.*return \{ text = wanted\.text \}/);
  assert.match(page, /<code>wanted<\/code><\/td><td><code>nil<\/code>/);
  assert.match(page, /<code>input<\/code><\/td><td><code>\{ .*method = &quot;GET&quot;/);
  assert.match(page, /stack traceback:\n\tacme\.hi\/src\/hi\.lua:5: in function/);
  assert.match(page, /GET \/apps\/acme\.hi/);
  assert.match((await request(server.port, "/__dev")).text, /acme\.hi<\/td>/);
  await write(data, 'local M = {}\nlocal function words() return {} end\nfunction M.hi() return { text = words() } end\nreturn M\n');
  const odd = await eventually("an answer that is none shows its handler", says(server.port, "text must be a text, it is a table"));
  assert.match(odd, /<span class="it">.*function M\.hi\(\)/);
});

test("the last error of a price rule shows what it was given, settings too", async (t) => {
  const data = await new_shop(t);
  const folder = join(data, "plugins", "acme.dear");
  await mkdir(join(folder, "src"), { recursive: true });
  await writeFile(join(folder, "plugin.json"), JSON.stringify({
    manifest: 1, id: "acme.dear", version: "1.0.0", name: "Dear", license: "MIT", engine: ">=0.1 <1", api: { price_rule: 1 },
    contributes: { price_rules: [{
      id: "dear", handler: "dear:price", input: ["lines[].id", "lines[].qty"], settings: { most: { type: "integer", default: 7 } },
    }] },
  }));
  await writeFile(join(folder, "src", "dear.lua"), "return { price = function(input, cfg)\n  local first = input.lines[1]\n  return first.none.amount\nend }\n");
  const server = await start(t, data, { args: ["--dev"] });
  const shopper = new Shopper(server.port);
  await shopper.add("mug");
  await shopper.visit("/cart");
  shopper.close();
  const page = await eventually("the error is on the desk", async () => {
    const { text } = await request(server.port, "/__dev");
    return text.includes("acme.dear/src/dear.lua:3") && text;
  });
  assert.match(page, /<code>cfg<\/code><\/td><td><code>\{ most = 7 \}<\/code>/);
  assert.match(page, /<code>first<\/code><\/td><td><code>\{ .*qty = 1/);
});

test("mail is kept and not sent", async (t) => {
  const data = await new_shop(t);
  const server = await start(t, data, { args: ["--dev"] });
  const shopper = new Shopper(server.port);
  await shopper.buy("mug", 2);
  shopper.close();
  await eventually("the mail lies there", async () => (await request(server.port, "/__dev/mail")).text.includes("2 × Mug"));
});

test("the provider of trials is offered at a click, and its faults are turned by hand", async (t) => {
  const data = await new_shop(t);
  const server = await start(t, data, { verb: "dev", args: ["--supervise=false"] });
  const desk = new Shopper(server.port, { host: `127.0.0.1:${server.port}` });
  const [offer] = forms((await desk.visit("/__dev/payments")).text);
  const offered = await desk.follow(await desk.request("POST", "/__dev/payments", "do=offer"));
  assert.match(offer.html, /Offer the test payment/);
  assert.match(offered.text, /The checkout offers the test payment/);
  const [knobs] = forms(offered.text);
  assert.deepEqual(knobs.fields.map(([name]) => name), ["fault", "capture"]);
  const turned = await desk.follow(await desk.request("POST", "/__dev/payments", desk.body_of(knobs, { fault: "declined" })));
  assert.match(turned.text, /<option selected>declined<\/option>/);
  assert.equal((await desk.request("POST", "/__dev/payments", "fault=flood")).status, 422);
  const shopper = new Shopper(server.port);
  await shopper.add("mug");
  assert.match((await shopper.checkout()).text, /Test payment/);
  shopper.close();
  const other = new Shopper(server.port, { host: `127.0.0.1:${server.port}`, headers: { "Sec-Fetch-Site": "cross-site" } });
  assert.equal((await other.request("POST", "/__dev/payments", "fault=lost")).status, 403);
  other.close();
  desk.close();
});

test("a shop that others reach is none for a desk", async (t) => {
  const data = await new_shop(t);
  const refused = await merx(["dev", "--data", data, "--share", root, "--listen", "0.0.0.0:0", "--supervise=false"]);
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /dev is for development: listen on 127\.0\.0\.1 only/);
});

test("a shop that is open to others has no such pages", async (t) => {
  const data = await new_shop(t);
  const server = await start(t, data);
  assert.equal((await request(server.port, "/__dev")).status, 404);
});

test("the clock is moved by hand, goes on from there, and says what it understands", async (t) => {
  const server = await start(t, await new_shop(t), { verb: "dev", args: ["--supervise=false"] });
  const clock = async (...to) => merx(["clock", ...to, "--data", server.data]);
  const now = async () => Number((await clock()).stdout.split(" ")[0]);
  const before = await now();
  const { stdout } = await clock("+30d12h");
  assert.match(stdout, /^\d+ {2}\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\n$/);
  const ahead = Number(stdout.split(" ")[0]) - before;
  assert.ok(ahead >= 30.5 * 86_400_000 && ahead < 30.6 * 86_400_000, stdout);
  assert.match((await clock("2030-12-24T18:00")).stdout, /  Tue, 24 Dec 2030 18:00:0\d GMT/);
  await eventually("time goes on", async () => (await now()) > Date.UTC(2030, 11, 24, 18));
  assert.equal((await request(server.port, "/")).headers.date.slice(0, 16), "Tue, 24 Dec 2030");
  assert.match((await request(server.port, "/__dev")).text, /Dec 24, 2030/);
  const refused = await clock("tomorrow");
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /"tomorrow" is no moment: say \+1h30m/);
});
