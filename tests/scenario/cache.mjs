// Every page may be cached, none may be stale.
import assert from "node:assert/strict";
import { brotliDecompressSync } from "node:zlib";
import { serve } from "./support/server.mjs";
import { eventually, test } from "./support/test.mjs";
import { request } from "./support/http.mjs";

const status = async (server) => JSON.parse((await server.ask("status"))[1]);
const shown = (reply) => Number(/count (\d+)/.exec(reply.text)[1]);

async function isHit(server, path, options) {
  const before = (await status(server)).cache.hits;
  const reply = await request(server.port, path, options);
  assert.equal(reply.status, 200);
  return (await status(server)).cache.hits > before;
}

test("the second visitor gets the page from memory, from every worker", async (t) => {
  const server = await serve(t);
  assert.equal(await isHit(server, "/page"), false);
  for (let i = 0; i < 10; i++) assert.equal(await isHit(server, "/page"), true);
});

test("a hit says the same as the page that Lua made", async (t) => {
  const server = await serve(t);
  const first = await request(server.port, "/page");
  const second = await request(server.port, "/page");
  delete first.headers.date;
  delete second.headers.date;
  assert.deepEqual(second.headers, first.headers);
  assert.deepEqual(second.body, first.body);
});

test("a page with a part that is older than its last change is kept, too, and goes when either changes", async (t) => {
  const server = await serve(t);
  const whole = async () => Number(/^merx_pages_from_cache_total (\d+)/m.exec((await server.ask("metrics"))[1])[1]);
  const look = async () => {
    const before = await whole();
    const { text } = await request(server.port, "/parts");
    return `${/part \d+/.exec(text)[0]}, count ${shown({ text })}, ${(await whole()) > before ? "kept" : "made"}`;
  };
  assert.equal(await look(), "part 0, count 0, made"); // its part is kept from now on
  for (let i = 1; i <= 5; i++) {
    await request(server.port, "/add");
    assert.equal(await look(), `part 0, count ${i}, made`);
    assert.equal(await look(), `part 0, count ${i}, kept`);
  }
  await request(server.port, "/add?name=part");
  assert.equal(await look(), "part 1, count 5, made");
  assert.equal(await look(), "part 1, count 5, kept");
});

test("a page is stale as soon as a command that touches it has been answered", async (t) => {
  const server = await serve(t);
  for (let i = 1; i <= 200; i++) {
    await request(server.port, "/page");
    const { text } = await request(server.port, "/add");
    assert.equal(Number(text), i);
    assert.equal(shown(await request(server.port, "/page")), i);
  }
});

test("no reader ever sees less than what a writer was told", async (t) => {
  const server = await serve(t);
  let told = 0;
  let done = false;
  const writer = (async () => {
    for (let i = 0; i < 300; i++) told = Math.max(told, Number((await request(server.port, "/add")).text));
    done = true;
  })();
  const reader = async () => {
    while (!done) {
      const known = told;
      const seen = shown(await request(server.port, "/page"));
      assert.ok(seen >= known, `saw ${seen} after ${known} was acknowledged`);
    }
  };
  await Promise.all([writer, reader(), reader(), reader()]);
});

test("a command that touches something else leaves the page", async (t) => {
  const server = await serve(t);
  await request(server.port, "/page");
  await request(server.port, "/add?name=other");
  assert.equal(await isHit(server, "/page"), true);
});

test("a command that is undone touches nothing", async (t) => {
  const server = await serve(t);
  await request(server.port, "/page");
  await request(server.port, "/refuse");
  await request(server.port, "/raise-command");
  assert.equal(await isHit(server, "/page"), true);
  assert.equal((await request(server.port, "/count")).text, "0\n");
});

test("visitors with a cart, a session or a password never share", async (t) => {
  const server = await serve(t);
  await request(server.port, "/page");
  for (const headers of [{ Cookie: "cart=1" }, { Cookie: "a=b; session=x" }, { Cookie: "__Host-cart=1" }, { Authorization: "Bearer x" }]) {
    assert.equal(await isHit(server, "/page", { headers }), false, JSON.stringify(headers));
  }
  assert.equal(await isHit(server, "/page", { headers: { Cookie: "other=1" } }), true);
});

test("the key knows host, colour scheme and listed parameters, in any order, and no others", async (t) => {
  const server = await serve(t);
  await request(server.port, "/page?page=2&sort_by=price");
  assert.equal(await isHit(server, "/page?sort_by=price&page=2"), true);
  assert.equal(await isHit(server, "/page?page=3&sort_by=price"), false);
  assert.equal(await isHit(server, "/page"), false);
  assert.equal(await isHit(server, "/page", { headers: { Host: "other.test" } }), false);
  assert.equal(await isHit(server, "/page", { headers: { Cookie: "scheme=dark" } }), false);
  assert.equal(await isHit(server, "/page", { headers: { Cookie: "scheme=dark" } }), true);
  for (let i = 0; i < 2; i++) assert.equal(await isHit(server, "/page?utm_source=x"), false);
  for (let i = 0; i < 2; i++) assert.equal(await isHit(server, "/page?page=1&page=2"), false);
});

test("a hit answers HEAD, conditions, ranges and compression", async (t) => {
  const server = await serve(t);
  const plain = await request(server.port, "/page");
  const head = await request(server.port, "/page", { method: "HEAD" });
  assert.equal(head.body.length, 0);
  assert.equal(head.headers["content-length"], plain.headers["content-length"]);
  const br = await request(server.port, "/page", { headers: { "Accept-Encoding": "br" } });
  assert.equal(br.headers["content-encoding"], "br");
  assert.deepEqual(brotliDecompressSync(br.body), plain.body);
  const again = await request(server.port, "/page", { headers: { "Accept-Encoding": "br" } });
  assert.deepEqual(again.body, br.body);
  const same = await request(server.port, "/page", { headers: { "Accept-Encoding": "br", "If-None-Match": br.headers.etag } });
  assert.equal(same.status, 304);
  assert.equal(same.headers.etag, br.headers.etag);
  assert.equal(same.headers["content-type"], undefined);
  assert.equal(same.headers.vary, "Accept-Encoding");
  const part = await request(server.port, "/page", { headers: { Range: "bytes=0-14" } });
  assert.equal(part.status, 206);
  assert.equal(part.text, "<!doctype html>");
});

test("POST never comes from the cache", async (t) => {
  const server = await serve(t);
  await request(server.port, "/page");
  assert.equal(await isHit(server, "/page", { method: "POST", body: "x" }), false);
});

test("a reload forgets every page", async (t) => {
  const server = await serve(t);
  await request(server.port, "/page");
  await server.ask("reload");
  await eventually("the reload", () => server.log.includes('"reloaded"'));
  assert.equal(await isHit(server, "/page"), false);
});

test("the cache keeps to its size", async (t) => {
  const server = await serve(t, { args: ["--cache-bytes", "2M"] });
  for (let i = 0; i < 300; i++) await request(server.port, `/page?page=${i}`);
  const { cache } = await status(server);
  assert.ok(cache.bytes <= 2 * 1024 * 1024, `${cache.bytes} bytes`);
  assert.ok(cache.entries > 10 && cache.entries < 110, `${cache.entries} entries`);
});
