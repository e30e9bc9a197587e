// The bundled plugins that reach out of the shop, and those that change what it does, against a real server: web hooks, mail,
// a report, a limit, badges.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { createServer as createWire } from "node:net";
import { join } from "node:path";
import { new_shop, start } from "../fault/support/shop.mjs";
import { BROKEN, ID, lay, plugin } from "../support/packages.mjs";
import { Shopper } from "../support/shopper.mjs";
import { request } from "./support/http.mjs";
import { merx, root } from "./support/server.mjs";
import { eventually, test } from "./support/test.mjs";

async function set(data, key, value) {
  const result = await merx(["settings", "set", key, value, "--data", data, "--share", root]);
  assert.equal(result.code, 0, result.stderr);
}

function listening(t, server) {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      t.after(() => new Promise((done) => (server.closeAllConnections?.(), server.close(done))));
      resolve(server.address().port);
    });
  });
}

// Keeps what is posted; the first `failing` requests are refused.
async function receiver(t, failing = 0) {
  const seen = [];
  const server = createServer((req, res) => {
    const parts = [];
    req.on("data", (bytes) => parts.push(bytes));
    req.on("end", () => {
      seen.push({ headers: req.headers, body: Buffer.concat(parts).toString() });
      res.statusCode = seen.length <= failing ? 503 : 204;
      res.end();
    });
  });
  return { seen, port: await listening(t, server) };
}

// A mail server that takes everything.
async function post_office(t) {
  const mails = [];
  const server = createWire((socket) => {
    let text = "";
    let mail = null;
    socket.on("error", () => {});
    socket.write("220 test ESMTP\r\n");
    socket.on("data", (bytes) => {
      text += bytes;
      for (let end = text.indexOf("\r\n"); end >= 0; end = text.indexOf("\r\n")) {
        const line = text.slice(0, end);
        text = text.slice(end + 2);
        if (mail !== null) {
          if (line === ".") {
            mails.push(mail);
            mail = null;
            socket.write("250 taken\r\n");
          } else mail += line + "\n";
        } else if (/^EHLO/i.test(line)) socket.write("250 test\r\n");
        else if (/^DATA/i.test(line)) {
          mail = "";
          socket.write("354 go on\r\n");
        } else if (/^QUIT/i.test(line)) socket.end("221 bye\r\n");
        else socket.write("250 ok\r\n");
      }
    });
  });
  return { mails, port: await listening(t, server) };
}

const words_of = (mail) => Buffer.from(mail.slice(mail.indexOf("\n\n")).replace(/\s/g, ""), "base64").toString();

async function buy(port) {
  const shopper = new Shopper(port);
  const placed = await shopper.buy("mug", 2);
  shopper.close();
  return placed;
}

test("an order is told to another system, signed, and again when it was refused", async (t) => {
  const data = await new_shop(t);
  const hooks = await receiver(t, 1);
  const idle = async () => {
    const { stdout } = await merx(["plugin", "info", "merx.web-hooks", "--json", "--data", data, "--share", root]);
    return JSON.parse(stdout).handlers[0].idle;
  };
  assert.equal(await idle(), "its setting address is empty");
  await set(data, "plugin.merx.web-hooks.address", `http://127.0.0.1:${hooks.port}/shop`);
  assert.equal(await idle(), "its setting secret is empty", "who set half of it up is told what is missing");
  await set(data, "plugin.merx.web-hooks.secret", "a key that both know");
  assert.equal(await idle(), undefined);
  const server = await start(t, data, { args: ["--client-private"] });
  await buy(server.port);
  await eventually("the second try", () => hooks.seen.length >= 2, { within: 20_000 });
  const [first, again] = hooks.seen;
  assert.equal(first.headers["webhook-id"], again.headers["webhook-id"]);
  const signed = `${again.headers["webhook-id"]}.${again.headers["webhook-timestamp"]}.${again.body}`;
  assert.equal(again.headers["webhook-signature"], "v1," + createHmac("sha256", "a key that both know").update(signed).digest("base64"));
  const told = JSON.parse(again.body);
  assert.equal(told.type, "order.placed");
  assert.equal(told.data.order.lines[0].quantity, 2);
  assert.ok(!again.body.includes("@"), "nothing personal goes out");
});

test("a shop without --client-private reaches nobody on this machine", async (t) => {
  const data = await new_shop(t);
  const hooks = await receiver(t);
  await set(data, "plugin.merx.web-hooks.address", `http://127.0.0.1:${hooks.port}/shop`);
  await set(data, "plugin.merx.web-hooks.secret", "secret");
  const server = await start(t, data);
  await buy(server.port);
  await eventually("the refusal is in the log", () => server.log.includes("merx.web-hooks/order-placed"));
  assert.equal(hooks.seen.length, 0);
});

test("the buyer gets a mail with what was ordered", async (t) => {
  const data = await new_shop(t);
  const post = await post_office(t);
  for (const [key, value] of [["mail.host", "127.0.0.1"], ["mail.port", String(post.port)], ["mail.security", "plain"],
    ["mail.from", "shop@example.com"], ["plugin.merx.order-mail.address", "https://shop.example.com"]]) await set(data, key, value);
  const server = await start(t, data, { args: ["--client-private"] });
  await buy(server.port);
  await eventually("a mail", () => post.mails.length === 1);
  assert.match(post.mails[0], /^Subject: Your order /m);
  assert.match(words_of(post.mails[0]), /2 × Mug/);
  assert.match(words_of(post.mails[0]), /https:\/\/shop\.example\.com\/orders\/[\w-]{43}/);
});

test("stock is a file for whoever knows the key, and for nobody else", async (t) => {
  const data = await new_shop(t);
  await set(data, "plugin.merx.stock-report.key", "open sesame");
  const server = await start(t, data);
  const path = "/apps/merx.stock-report/stock.csv";
  assert.equal((await request(server.port, path)).status, 404);
  assert.equal((await request(server.port, `${path}?key=open`)).status, 404);
  const reply = await request(server.port, `${path}?key=open%20sesame`);
  assert.equal(reply.status, 200);
  assert.equal(reply.headers["content-type"], "text/csv; charset=utf-8");
  assert.match(reply.text, /^SKU,Name,Variant,Available\r\n/);
});

test("a limit keeps a cart small and says so in words", async (t) => {
  const data = await new_shop(t);
  await set(data, "plugin.merx.order-limit/cart.most", "3");
  const server = await start(t, data);
  const shopper = new Shopper(server.port);
  await shopper.add("mug", 3);
  await assert.rejects(shopper.add("bowl", 1), /422|at most 3 pieces/);
  shopper.close();
});

test("new products are marked as long as the merchant says", async (t) => {
  const data = await new_shop(t);
  const server = await start(t, data);
  assert.doesNotMatch((await request(server.port, "/collections/all")).text, /product-card__badges/);
  await set(data, "plugin.merx.badges/new.days", "30");
  assert.match((await request(server.port, "/collections/all")).text, /<span class="badge">New<\/span>/);
});

// What /metrics says of one plugin, over all its generations: { calls_total, errors_total, seconds_total, memory_bytes }.
async function metrics_of(server, id) {
  const sums = {};
  const text = (await request(server.port, "/metrics")).text;
  for (const [, name, of, value] of text.matchAll(/^merx_plugin_(\w+)\{plugin="([^"]+)",generation="\d+"\} (\S+)$/gm)) {
    if (of === id) sums[name] = (sums[name] ?? 0) + Number(value);
  }
  return sums;
}

test("what plugins did and hold is counted over all threads, and a tool asks for it", async (t) => {
  const data = await new_shop(t);
  await lay(join(data, "plugins", ID), "1.0.0", BROKEN);
  const info = async (id) => JSON.parse((await plugin(["info", "--json", id], { data })).stdout);
  const idle = await info(ID);
  assert.equal(idle.running, undefined);
  assert.match(idle.not_running, /no server runs on .*: start one with merx serve/);
  assert.match((await plugin(["info", ID], { data })).stdout, /^calls, errors, time and memory are those of a running server: no server runs/m);

  const server = await start(t, data, { args: ["--workers=2"] });
  assert.deepEqual((await info(ID)).running, { calls: 0, errors: 0, seconds: 0, memory: 0 });
  for (let i = 0; i < 4; i++) await buy(server.port); // connections go to any worker
  for (const [id, fails] of [["merx.flat-rate", false], [ID, true]]) {
    const seen = await metrics_of(server, id);
    assert.ok(seen.calls_total >= 1, `${seen.calls_total} calls of ${id}`);
    assert.equal(seen.errors_total, fails ? seen.calls_total : 0, id);
    assert.ok(seen.seconds_total > 1e-6 && seen.seconds_total < 4, `${seen.seconds_total} s of ${id}`);
    assert.ok(seen.memory_bytes > 10_000 && seen.memory_bytes < 10_000_000, `${seen.memory_bytes} bytes of ${id}`);
    const { calls, errors, seconds, memory } = (await info(id)).running;
    assert.deepEqual([calls, errors, memory], [seen.calls_total, seen.errors_total, seen.memory_bytes]);
    assert.ok(Math.abs(seconds - seen.seconds_total) < 1e-9, `${seconds} s and ${seen.seconds_total} s`);
    const line = new RegExp(`^since the server started: ${calls} calls, ${errors} errors, \\d+\\.\\d+ s; now \\d+ KiB`, "m");
    assert.match((await plugin(["info", id], { data })).stdout, line);
  }

  const before = await metrics_of(server, ID);
  await plugin(["disable", ID], { data });
  await eventually("every thread has let it go", async () => (await metrics_of(server, ID)).memory_bytes === 0);
  assert.ok((await metrics_of(server, ID)).calls_total >= before.calls_total, "what it did stays");
});
