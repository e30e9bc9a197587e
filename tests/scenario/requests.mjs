// One request after another, seen from the client: what is answered, what is refused, who has to wait.
import assert from "node:assert/strict";
import { gunzipSync, brotliDecompressSync } from "node:zlib";
import { serve } from "./support/server.mjs";
import { eventually, sleep, test } from "./support/test.mjs";
import { request, Wire } from "./support/http.mjs";

test("a page is served through Lua with the headers every reply has", async (t) => {
  const server = await serve(t);
  const reply = await request(server.port, "/");
  assert.equal(reply.status, 200);
  assert.match(reply.text, /Hello, world!/);
  assert.equal(reply.headers["x-content-type-options"], "nosniff");
  assert.equal(reply.headers["referrer-policy"], "strict-origin-when-cross-origin");
  assert.ok(Math.abs(Date.parse(reply.headers.date) - Date.now()) < 5000);
  assert.match(reply.headers.etag, /^"[^"]{22}"$/);
});

test("HEAD gives the same head and no body", async (t) => {
  const server = await serve(t);
  const get = await request(server.port, "/");
  const head = await request(server.port, "/", { method: "HEAD" });
  assert.equal(head.headers["content-length"], get.headers["content-length"]);
  assert.equal(head.headers.etag, get.headers.etag);
  assert.equal(head.body.length, 0);
});

test("a client that has the page already gets 304", async (t) => {
  const server = await serve(t);
  const { headers } = await request(server.port, "/");
  const again = await request(server.port, "/", { headers: { "If-None-Match": headers.etag } });
  assert.equal(again.status, 304);
  assert.equal(again.headers.etag, headers.etag);
  assert.equal(again.headers["content-length"], undefined);
  const other = await request(server.port, "/", { headers: { "If-None-Match": '"other"' } });
  assert.equal(other.status, 200);
  const never = await request(server.port, "/", { headers: { "If-Match": '"other"' } });
  assert.equal(never.status, 412);
});

test("replies are compressed as the client likes", async (t) => {
  const server = await serve(t);
  const plain = await request(server.port, "/large?kib=64");
  assert.equal(plain.headers["content-encoding"], undefined);
  assert.equal(plain.headers.vary, "Accept-Encoding");
  const br = await request(server.port, "/large?kib=64", { headers: { "Accept-Encoding": "gzip, br" } });
  assert.equal(br.headers["content-encoding"], "br");
  assert.deepEqual(brotliDecompressSync(br.body), plain.body);
  const gzip = await request(server.port, "/large?kib=64", { headers: { "Accept-Encoding": "gzip" } });
  assert.deepEqual(gunzipSync(gzip.body), plain.body);
  assert.notEqual(gzip.headers.etag, br.headers.etag);
  const same = await request(server.port, "/large?kib=64", { headers: { "Accept-Encoding": "br", "If-None-Match": br.headers.etag } });
  assert.deepEqual([same.status, same.headers.vary, same.headers["content-encoding"]], [304, "Accept-Encoding", undefined]);
  const failed = await request(server.port, "/large?kib=64", { headers: { "Accept-Encoding": "br", "If-Match": '"other"' } });
  assert.deepEqual([failed.status, failed.headers["content-encoding"]], [412, undefined]);
  const none = await request(server.port, "/large?kib=64", { headers: { "Accept-Encoding": "br;q=0" } });
  assert.equal(none.headers["content-encoding"], undefined);
});

test("--no-compress sends everything plain", async (t) => {
  const server = await serve(t, { args: ["--no-compress"] });
  const reply = await request(server.port, "/large?kib=64", { headers: { "Accept-Encoding": "br" } });
  assert.equal(reply.headers["content-encoding"], undefined);
  assert.equal(reply.headers.vary, undefined);
});

test("parts of a page are sent when they are asked for", async (t) => {
  const server = await serve(t);
  const one = await request(server.port, "/large?kib=1", { headers: { Range: "bytes=10-19" } });
  assert.equal(one.status, 206);
  assert.equal(one.text, "abcdef0123");
  assert.equal(one.headers["content-range"], "bytes 10-19/1024");
  const two = await request(server.port, "/large?kib=1", { headers: { Range: "bytes=0-1,100-101" } });
  assert.equal(two.status, 206);
  assert.match(two.headers["content-type"], /^multipart\/byteranges; boundary=/);
  assert.match(two.text, /bytes 0-1\/1024[^]*01[^]*bytes 100-101\/1024[^]*45/);
  const past = await request(server.port, "/large?kib=1", { headers: { Range: "bytes=5000-" } });
  assert.equal(past.status, 416);
  assert.equal(past.headers["content-range"], "bytes */1024");
});

test("what nobody may keep has no ETag, all else has one", async (t) => {
  const server = await serve(t);
  assert.equal((await request(server.port, "/fleeting")).headers.etag, undefined);
  assert.match((await request(server.port, "/large?kib=1")).headers.etag, /^"[^"]+"$/);
});

test("a bug is a 500 that tells the visitor nothing, and a line in the log", async (t) => {
  const server = await serve(t);
  for (const path of ["/raise", "/forget"]) {
    const reply = await request(server.port, path);
    assert.equal(reply.status, 500);
    assert.doesNotMatch(reply.text, /boot\.lua|a bug/);
    assert.equal(reply.headers["cache-control"], "no-store");
  }
  assert.ok(server.lines().some((line) => line.level === "error" && line.msg.includes("a bug in a page")));
  assert.equal((await request(server.port, "/")).status, 200);
});

test("an error is a page of ours where Lua has one, and a plain one where that fails, too", async (t) => {
  const server = await serve(t, { args: ["--body-bytes", "10", "--handler-ms", "300"] });
  const shown = async (path, options) => {
    const { status, text } = await request(server.port, path, options);
    return `${status} ${/our own \d+|<h1>.*<\/h1>/.exec(text)[0]}`;
  };
  assert.equal(await shown("/raise"), "500 our own 500");
  assert.equal(await shown("/forget"), "500 our own 500");
  assert.equal(await shown("/media/nothing.png"), "404 our own 404");
  assert.equal(await shown("/form", { method: "POST", body: "x".repeat(11) }), "413 our own 413");
  assert.equal(await shown("/raise-twice"), "500 <h1>Internal Server Error</h1>");
  assert.equal(await shown("/sleep?ms=60000"), "504 <h1>Gateway Timeout</h1>"); // the page waits, too
});

test("an error is problem details for whoever prefers them", async (t) => {
  const server = await serve(t);
  const reply = await request(server.port, "/raise", { headers: { Accept: "application/json" } });
  assert.equal(reply.headers["content-type"], "application/problem+json");
  const problem = JSON.parse(reply.text);
  assert.equal(problem.status, 500);
  assert.match(problem.instance, /^urn:merx:request:[0-9a-f]{16}$/);
});

test("whoever sent JSON is refused in JSON, and HEAD without a body", async (t) => {
  const server = await serve(t, { args: ["--body-bytes", "10"] });
  const refused = async (fields, body = "") => {
    const wire = new Wire(server.port);
    wire.send(`POST /form HTTP/1.1\r\n${fields}\r\n\r\n${body}`);
    const reply = await wire.reply();
    wire.destroy();
    assert.equal(reply.headers["content-type"], "application/problem+json", reply.text);
    const problem = JSON.parse(reply.text);
    assert.equal(problem.status, reply.status);
    assert.ok(problem.detail && problem.message === problem.detail && problem.description === problem.detail, reply.text);
    return { status: reply.status, detail: problem.detail, headers: reply.headers };
  };
  const json = "Content-Type: Application/JSON; charset=utf-8";
  assert.equal((await refused(`Host: a\r\n${json}\r\nContent-Length: 11`, "x".repeat(11))).status, 413);
  assert.equal((await refused(`Host: a\r\nAccept: application/json\r\nContent-Length: 11`, "x".repeat(11))).status, 413);
  assert.equal((await refused(`Host: a\r\nHost: b\r\n${json}`)).status, 400);
  assert.equal((await refused(`Host: a\r\n${json}\r\nTransfer-Encoding: gzip`)).status, 501);
  assert.equal((await refused(`Host: a\r\n${json}\r\nExpect: wonders\r\nContent-Length: 1`)).status, 417);
  const packed = await refused(`Host: a\r\n${json}\r\nContent-Encoding: gzip\r\nContent-Length: 4`, "\x1f\x8b  ");
  assert.equal(packed.status, 415);
  assert.equal(packed.headers["accept-encoding"], "identity");
  assert.match(packed.detail, /without Content-Encoding/);
  const wire = new Wire(server.port);
  wire.send("HEAD / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
  assert.equal((await wire.reply("HEAD")).status, 400);
  await wire.end();
  assert.equal(wire.bytes.length, 0);
});

test("a page that never ends is stopped, and others go on", async (t) => {
  if (process.env.MERX_TSAN) t.skip("the thread sanitizer holds signals back until the thread waits");
  const server = await serve(t);
  const reply = await request(server.port, "/spin");
  assert.equal(reply.status, 503);
  assert.equal(reply.headers["retry-after"], "2");
  assert.equal((await request(server.port, "/")).status, 200);
});

test("a header that cannot be sent is refused to Lua", async (t) => {
  const server = await serve(t);
  assert.equal((await request(server.port, "/bad-header")).status, 500);
});

test("a hundred pipelined requests are answered in order, waiting ones too", async (t) => {
  const server = await serve(t, { workers: 1 });
  const wire = new Wire(server.port);
  const paths = Array.from({ length: 100 }, (_, i) => (i % 10 === 3 ? "/sleep?ms=5" : i % 10 === 7 ? "/add?name=p" : "/"));
  wire.send(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(""));
  let count = 0;
  for (const path of paths) {
    const reply = await wire.reply();
    assert.equal(reply.status, 200);
    const wanted = path.startsWith("/sleep") ? "slept\n" : path.startsWith("/add") ? `${++count}\n` : undefined;
    if (wanted) assert.equal(reply.text, wanted);
    else assert.match(reply.text, /Hello/);
  }
  wire.destroy();
});

test("a request in single bytes is a request", async (t) => {
  const server = await serve(t, { workers: 1 });
  const wire = new Wire(server.port);
  for (const byte of "GET / HTTP/1.1\r\nHost: a\r\n\r\n") {
    wire.send(byte);
    await sleep(1);
  }
  assert.equal((await wire.reply()).status, 200);
  wire.destroy();
});

test("a client that finished sending still gets its answer", async (t) => {
  const server = await serve(t, { workers: 1 });
  for (const path of ["/", "/sleep?ms=100", "/large?kib=4096"]) {
    const wire = new Wire(server.port);
    wire.socket.end(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const chunks = [];
    wire.socket.on("data", (bytes) => chunks.push(bytes));
    await new Promise((resolve) => wire.socket.on("close", resolve));
    assert.match(Buffer.concat(chunks).subarray(0, 15).toString(), /^HTTP\/1\.1 200/);
    if (path.startsWith("/large")) assert.ok(Buffer.concat(chunks).length > 4096 * 1024);
  }
});

test("a client that goes away takes its reading task with it, but not a writing one", async (t) => {
  const server = await serve(t, { workers: 1 });
  const reader = new Wire(server.port);
  reader.send("GET /sleep?ms=60000 HTTP/1.1\r\nHost: a\r\n\r\n");
  const writer = new Wire(server.port);
  writer.send("POST /late-write HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  await sleep(50);
  reader.socket.resetAndDestroy();
  writer.socket.resetAndDestroy();
  await eventually("the late write", async () => (await request(server.port, "/late")).text === "1\n");
});

test("forms are read, however they travel", async (t) => {
  const server = await serve(t);
  const type = { "Content-Type": "application/x-www-form-urlencoded" };
  const plain = await request(server.port, "/form", { method: "POST", headers: type, body: "a=1&b=%C3%A4+x&a=2" });
  assert.deepEqual(JSON.parse(plain.text), [{ name: "a", value: "1" }, { name: "b", value: "ä x" }, { name: "a", value: "2" }]);
  const body = [
    '--xyz\r\nContent-Disposition: form-data; name="title"\r\n\r\nMug\r\n',
    '--xyz\r\nContent-Disposition: form-data; name="picture"; filename="../a.png"\r\nContent-Type: image/png\r\n\r\n',
    "x".repeat(5000), "\r\n--xyz--\r\n",
  ].join("");
  const multi = await request(server.port, "/form", { method: "POST", headers: { "Content-Type": "multipart/form-data; boundary=xyz" }, body });
  assert.deepEqual(JSON.parse(multi.text), [{ name: "title", value: "Mug" }, { name: "picture", filename: "a.png", size: 5000 }]);
  const wrong = await request(server.port, "/form", { method: "POST", headers: { "Content-Type": "text/plain" }, body: "a=1" });
  assert.equal(wrong.status, 400);
  const cut = await request(server.port, "/form", { method: "POST", headers: { "Content-Type": "multipart/form-data; boundary=xyz" }, body: "--xyz\r\n" });
  assert.equal(cut.status, 400);
});

test("a body has its limit, an upload a larger one where uploads are taken", async (t) => {
  const server = await serve(t, { args: ["--body-bytes", "2k", "--upload-bytes", "100k"] });
  const type = { "Content-Type": "application/x-www-form-urlencoded" };
  const large = await request(server.port, "/form", { method: "POST", headers: type, body: "a=" + "x".repeat(3000) });
  assert.equal(large.status, 413);
  const file = (bytes) => ({
    method: "POST",
    headers: { "Content-Type": "multipart/form-data; boundary=x" },
    body: `--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n${"x".repeat(bytes)}\r\n--x--\r\n`,
  });
  assert.equal((await request(server.port, "/form", file(50_000))).status, 413);
  assert.equal((await request(server.port, "/admin/form", file(50_000))).status, 200);
  assert.equal((await request(server.port, "/admin/form", file(200_000))).status, 413);
});

test("Expect: 100-continue is answered before the body, and not when the body would be refused", async (t) => {
  const server = await serve(t, { args: ["--body-bytes", "10"] });
  const wire = new Wire(server.port);
  const head = (length) => `POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;
  wire.send(head(4));
  assert.equal((await wire.reply()).status, 100);
  wire.send("body");
  assert.equal(JSON.parse((await wire.reply()).text).body, "body");
  wire.send(head(11));
  assert.equal((await wire.reply()).status, 413);
  await wire.end();
  wire.destroy();
});

test("cookies are set once and found again", async (t) => {
  const server = await serve(t, { args: ["--trusted-proxies", "loopback"] });
  const plain = await request(server.port, "/cookie");
  assert.equal(plain.status, 303);
  const attributes = plain.headers["set-cookie"].split("; ");
  assert.equal(attributes[0], "cart=abc");
  assert.deepEqual(attributes.slice(1).sort(), ["HttpOnly", "Max-Age=60", "Path=/", "SameSite=Lax"]);
  const secure = await request(server.port, "/cookie", { headers: { "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7" } });
  assert.match(secure.headers["set-cookie"], /^__Host-cart=abc;.*Secure/);
  const read = async (cookie, headers = {}) => JSON.parse((await request(server.port, "/echo", { headers: { Cookie: cookie, ...headers } })).text).cart;
  assert.equal(await read("cart=abc"), "abc");
  assert.equal(await read("__Host-cart=abc", { "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7" }), "abc");
  assert.equal(await read("cart=evil", { "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7" }), undefined);
});

test("a head that comes too slowly is 408, however its bytes trickle", async (t) => {
  const server = await serve(t, { workers: 1, args: ["--head-ms", "400"] });
  const wire = new Wire(server.port);
  const trickle = setInterval(() => wire.send("X"), 50);
  t.after(() => clearInterval(trickle));
  wire.send("GET / HTTP/1.1\r\nHost: a\r\nX-");
  const began = Date.now();
  const reply = await wire.reply();
  clearInterval(trickle);
  assert.equal(reply.status, 408);
  assert.ok(Date.now() - began < 2000);
  wire.destroy();
});

test("a connection that says nothing is closed without a word", async (t) => {
  const server = await serve(t, { workers: 1, args: ["--head-ms", "300", "--idle-ms", "300"] });
  const silent = new Wire(server.port);
  await silent.end();
  assert.equal(silent.bytes.length, 0);
  const kept = new Wire(server.port);
  kept.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.equal((await kept.reply()).status, 200);
  await kept.end();
  assert.equal(kept.bytes.length, 0);
});

test("an answer that takes too long is 504", async (t) => {
  const server = await serve(t, { workers: 1, args: ["--handler-ms", "300"] });
  const reply = await request(server.port, "/sleep?ms=20000");
  assert.equal(reply.status, 504);
  assert.equal((await request(server.port, "/")).status, 200);
});

test("a client that reads slowly holds up nobody and gets everything", async (t) => {
  const server = await serve(t, { workers: 1 });
  const slow = new Wire(server.port);
  slow.socket.pause();
  slow.send("GET /large?kib=16384 HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  for (let i = 0; i < 20; i++) assert.equal((await request(server.port, "/")).status, 200);
  await sleep(100);
  slow.socket.resume();
  const large = await slow.reply();
  assert.equal(large.body.length, 16384 * 1024);
  assert.equal((await slow.reply()).status, 200);
  slow.destroy();
});

test("too many visitors are told to come back", async (t) => {
  const server = await serve(t, { workers: 1, args: ["--connections", "16"] });
  const wires = Array.from({ length: 16 }, () => new Wire(server.port).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  for (const wire of wires) assert.equal((await wire.reply()).status, 200);
  const late = new Wire(server.port);
  const reply = await late.reply();
  assert.equal(reply.status, 503);
  assert.equal(reply.headers["retry-after"], "2");
  late.destroy();
  wires.forEach((wire) => wire.destroy());
  await eventually("room again", async () => (await request(server.port, "/")).status === 200);
});

test("a thousand connections that dawdle do not harm the others", async (t) => {
  const server = await serve(t, { workers: 2, args: ["--head-ms", "5000"] });
  const slow = Array.from({ length: 1000 }, () => new Wire(server.port).send("GET / HT"));
  await eventually("all connected", async () => JSON.parse((await server.ask("status"))[1]).connections >= 1000);
  const began = Date.now();
  for (let i = 0; i < 100; i++) assert.equal((await request(server.port, "/")).status, 200);
  assert.ok(Date.now() - began < 5000, `100 requests took ${Date.now() - began} ms`);
  slow.forEach((wire) => wire.destroy());
});

test("the access log has one line for each request and no query", async (t) => {
  const server = await serve(t, { args: ["--access-log"] });
  await request(server.port, "/echo?voucher=1", { headers: { "X-Forwarded-For": "203.0.113.9" } });
  const line = await eventually("the line", () => server.lines().find((one) => one.msg === "request"));
  assert.equal(line.method, "GET");
  assert.equal(line.path, "/echo");
  assert.equal(line.status, 200);
  assert.equal(line.remote, "127.0.0.1");
  assert.equal(typeof line.dur_ms, "number");
  assert.doesNotMatch(server.log, /voucher/);
  const token = "dR9mJ0nq_x7Wc2-LkTz4vEoYbGhU1sPaQf5iK8tN3wX";
  await request(server.port, `/orders/${token}`);
  await request(server.port, "/a-handle-of-exactly-forty-three-letters-xyz/b");
  const paths = await eventually("both lines", () => {
    const found = server.lines().filter((one) => one.msg === "request").map((one) => one.path);
    return found.length === 3 && found;
  });
  assert.deepEqual(paths.slice(1), ["/orders/TOKEN", "/a-handle-of-exactly-forty-three-letters-xyz/b"]);
});
