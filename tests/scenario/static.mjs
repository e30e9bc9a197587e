// Files of themes and media: found, typed, kept, ranged; and nothing else.
import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { dirname, join } from "node:path";
import { serve } from "./support/server.mjs";
import { sleep, test } from "./support/test.mjs";
import { request, Wire } from "./support/http.mjs";

async function put(server, path, content) {
  const whole = join(server.data, path);
  await mkdir(dirname(whole), { recursive: true });
  await writeFile(whole, content);
}

test("an asset has its type, a validator and a life", async (t) => {
  const server = await serve(t);
  const reply = await request(server.port, "/assets/plain/plain.css");
  assert.equal(reply.status, 200);
  assert.equal(reply.headers["content-type"], "text/css; charset=utf-8");
  assert.equal(reply.headers["cache-control"], "public, max-age=300");
  assert.equal(reply.headers["x-content-type-options"], "nosniff");
  const named = await request(server.port, "/assets/plain/plain.css?v=0123abcd");
  assert.equal(named.headers["cache-control"], "public, max-age=31536000, immutable");
  const same = await request(server.port, "/assets/plain/plain.css", { headers: { "If-None-Match": reply.headers.etag } });
  assert.equal(same.status, 304);
});

test("a merchant's file wins over the one that comes with the theme, and changes are seen", async (t) => {
  const server = await serve(t);
  await put(server, "themes/plain/assets/plain.css", "one");
  assert.equal((await request(server.port, "/assets/plain/plain.css")).text, "one");
  await put(server, "themes/plain/assets/plain.css", "second");
  await sleep(1100);
  assert.equal((await request(server.port, "/assets/plain/plain.css")).text, "second");
});

test("text is compressed once and pictures are not", async (t) => {
  const server = await serve(t);
  const css = ".a { color: red }\n".repeat(1000);
  await put(server, "themes/plain/assets/big.css", css);
  await put(server, "media/a.png", Buffer.alloc(20_000, 1));
  for (let i = 0; i < 2; i++) {
    const reply = await request(server.port, "/assets/plain/big.css", { headers: { "Accept-Encoding": "gzip" } });
    assert.equal(reply.headers["content-encoding"], "gzip");
    assert.equal(gunzipSync(reply.body).toString(), css);
  }
  const png = await request(server.port, "/media/a.png", { headers: { "Accept-Encoding": "gzip" } });
  assert.equal(png.headers["content-encoding"], undefined);
  assert.equal(png.headers["cache-control"], "public, max-age=31536000, immutable");
});

test("a large file comes whole and as it is now, however often and however many ask for it", async (t) => {
  const server = await serve(t);
  const bytes = Buffer.from(Array.from({ length: 400_000 }, (_, i) => i % 251));
  for (const mark of ["one", "two"]) {
    bytes.write(mark);
    bytes.write(mark, 300_000);
    await put(server, "media/large.png", bytes);
    await sleep(1100);
    for (let round = 0; round < 3; round++) {
      const replies = await Promise.all(Array.from({ length: 8 }, () => request(server.port, "/media/large.png")));
      for (const reply of replies) assert.ok(bytes.equals(reply.body), `round ${round} of ${mark}`);
    }
    const part = await request(server.port, "/media/large.png", { headers: { Range: "bytes=300000-300002" } });
    assert.equal(part.text, mark);
  }
});

test("what people upload never runs", async (t) => {
  const server = await serve(t);
  await put(server, "media/a.svg", "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>");
  await put(server, "media/a.html", "<script>alert(1)</script>");
  await put(server, "media/a.js", "alert(1)");
  const svg = await request(server.port, "/media/a.svg");
  assert.match(svg.headers["content-security-policy"], /default-src 'none'.*sandbox/);
  for (const name of ["a.html", "a.js"]) {
    const reply = await request(server.port, `/media/${name}`);
    assert.equal(reply.headers["content-disposition"], "attachment");
    assert.match(reply.headers["content-security-policy"], /sandbox/);
  }
});

test("a part of a file lives as long as the whole and runs no more than it", async (t) => {
  const server = await serve(t);
  const shared = ["content-security-policy", "content-disposition", "x-content-type-options", "cache-control", "vary", "etag", "accept-ranges"];
  for (const [name, size] of [["a.svg", 2000], ["a.html", 2000], ["a.png", 2000], ["film.mp4", 5_000_000], ["large.html", 5_000_000]]) {
    await put(server, `media/${name}`, "x".repeat(size));
    const ask = (headers) => request(server.port, `/media/${name}`, { headers });
    const whole = await ask({});
    for (const range of ["bytes=0-9", "bytes=0-9,20-29"]) {
      const part = await ask({ Range: range });
      assert.equal(part.status, part.body.length < size ? 206 : 200, `${name} ${range}`);
      for (const field of shared) assert.equal(part.headers[field], whole.headers[field], `${field} of ${range} of ${name}`);
    }
    const past = await ask({ Range: `bytes=${size}-` });
    assert.equal(past.status, 416);
    assert.equal(past.headers["content-range"], `bytes */${size}`, name);
    const failed = await ask({ "If-Match": '"other"' });
    assert.equal(failed.status, 412);
    for (const reply of [past, failed]) assert.doesNotMatch(reply.headers["cache-control"] ?? "", /public/, `${reply.status} of ${name}`);
  }
});

test("nobody gets out of the folder, or at hidden files, folders and links", async (t) => {
  const server = await serve(t);
  await put(server, "media/ok.txt", "ok");
  await put(server, "media/.hidden", "no");
  await put(server, "media/.folder/x.txt", "no");
  await symlink("/etc/passwd", join(server.data, "media", "link.txt"));
  assert.equal((await request(server.port, "/media/ok.txt")).text, "ok");
  const refused = [
    "/media/../shop.db", "/media/%2e%2e/shop.db", "/media/..%2fshop.db", "/media/.hidden", "/media/.folder/x.txt",
    "/media/link.txt", "/media/", "/media/ok.txt/", "/media/ok.txt%00", "/assets/../../lua/boot.lua", "/assets/plain/../../lua/boot.lua",
    "/assets/plain", "/assets/", "/assets/plain/", "/assets/%2e%2e/x", "/assets/plugins/../x", "/media//etc/passwd",
  ];
  for (const path of refused) {
    const reply = await request(server.port, path);
    assert.ok([400, 404].includes(reply.status), `${path}: ${reply.status}`);
    assert.doesNotMatch(reply.text, /root:|SQLite format/);
  }
});

test("files are for reading", async (t) => {
  const server = await serve(t);
  const reply = await request(server.port, "/assets/plain/plain.css", { method: "POST", body: "x" });
  assert.equal(reply.status, 405);
  assert.equal(reply.headers.allow, "GET, HEAD, OPTIONS");
  const asked = await request(server.port, "/assets/plain/plain.css", { method: "OPTIONS" });
  assert.equal(asked.status, 204);
  assert.equal(asked.headers.allow, "GET, HEAD, OPTIONS");
});

test("a large file comes whole, in part, as a head, or not at all", async (t) => {
  const server = await serve(t);
  const content = Buffer.alloc(5_000_000);
  for (let i = 0; i < content.length; i++) content[i] = (i * 7 + (i >> 8)) & 255;
  await put(server, "media/film.mp4", content);
  const whole = await request(server.port, "/media/film.mp4");
  assert.deepEqual(whole.body, content);
  const part = await request(server.port, "/media/film.mp4", { headers: { Range: "bytes=1000000-1999999" } });
  assert.equal(part.status, 206);
  assert.equal(part.headers["content-range"], "bytes 1000000-1999999/5000000");
  assert.deepEqual(part.body, content.subarray(1_000_000, 2_000_000));
  const tail = await request(server.port, "/media/film.mp4", { headers: { Range: "bytes=-10" } });
  assert.deepEqual(tail.body, content.subarray(-10));
  const past = await request(server.port, "/media/film.mp4", { headers: { Range: "bytes=9000000-" } });
  assert.equal(past.status, 416);
  const head = await request(server.port, "/media/film.mp4", { method: "HEAD" });
  assert.equal(head.headers["content-length"], "5000000");
  const same = await request(server.port, "/media/film.mp4", { headers: { "If-None-Match": whole.headers.etag } });
  assert.equal(same.status, 304);
  const stale = await request(server.port, "/media/film.mp4", { headers: { Range: "bytes=0-9", "If-Range": '"other"' } });
  assert.equal(stale.status, 200);
});

test("a large file is sent as fast as it is read, and then comes the next request", async (t) => {
  const server = await serve(t, { workers: 1 });
  await put(server, "media/film.mp4", Buffer.alloc(30_000_000, 7));
  const slow = new Wire(server.port);
  slow.socket.pause();
  slow.send("GET /media/film.mp4 HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  for (let i = 0; i < 20; i++) assert.equal((await request(server.port, "/")).status, 200);
  const gone = new Wire(server.port);
  gone.send("GET /media/film.mp4 HTTP/1.1\r\nHost: a\r\n\r\n");
  await sleep(50);
  gone.socket.resetAndDestroy();
  slow.socket.resume();
  assert.equal((await slow.reply()).body.length, 30_000_000);
  assert.equal((await slow.reply()).status, 200);
  slow.destroy();
});
