// What leaves a server: requests and mail of the jobs thread, to servers of the test.
import assert from "node:assert/strict";
import { createServer as createWeb } from "node:http";
import { createServer as createMail } from "node:net";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hello, merx, serve } from "./support/server.mjs";
import { eventually, sleep, test } from "./support/test.mjs";

const listening = (t, server) => new Promise((resolve) => {
  t.after(() => new Promise((done) => {
    server.closeAllConnections?.();
    server.close(done);
  }));
  server.listen(0, "127.0.0.1", () => resolve(server.address().port));
});

// A program whose jobs thread runs `body` once and logs what it returns.
async function share(t, body) {
  const folder = join(await t.folder(), "share");
  await mkdir(join(folder, "lua"), { recursive: true });
  await mkdir(join(folder, "sql", "migrations"), { recursive: true });
  await writeFile(join(folder, "sql", "migrations", "0001_things.sql"), "CREATE TABLE things (id INTEGER PRIMARY KEY) STRICT;\n");
  await writeFile(join(folder, "lua", "boot.lua"), `
local client, log, task = require("native.client"), require("native.log"), require("native.task")
local function get(host, path, more)
  local request = { url = "http://" .. host .. path, places = { { host = host, plain = true } } }
  for name, value in pairs(more or {}) do request[name] = value end
  return client.request(request)
end
local function show(reply, err)
  return reply and ("%d %s"):format(reply.status, reply.body) or err.code .. ": " .. err.message
end
local is_done = false
return {
  request = function(req)
    local ok, text = pcall(client.request, { url = "https://api.example.com/" })
    req:reply(200, { ["Content-Type"] = "text/plain" }, tostring(ok) .. " " .. tostring(text))
  end,
  tick = function()
    if not is_done then
      is_done = true
      log.write("info", "outcome: " .. (function() ${body} end)())
    end
    return 60000
  end,
}
`);
  return folder;
}

const outcome = (server) => eventually("the job is done", () => server.lines().find((line) => line.msg.startsWith("outcome: "))?.msg.slice(9));

test("the jobs thread sends requests side by side and goes on when the answers are there", async (t) => {
  let together = 0, most = 0;
  const port = await listening(t, createWeb(async (req, res) => {
    most = Math.max(most, ++together);
    await sleep(100);
    together--;
    res.end(`${req.method} ${req.url} ${req.headers["user-agent"]}`);
  }));
  const server = await serve(t, { args: ["--client-private"], share: await share(t, `
    local replies, left = {}, 2
    for i = 1, 2 do task.spawn(function() replies[i] = show(get("127.0.0.1:${port}", "/" .. i)); left = left - 1 end) end
    while left > 0 do task.sleep(5) end
    return table.concat(replies, ", ")`) });
  assert.match(await outcome(server), /^200 GET \/1 Merx\/[\d.]+, 200 GET \/2 Merx\/[\d.]+$/);
  assert.equal(most, 2);
});

test("it reaches no address of this machine, and workers send nothing at all", async (t) => {
  let requests = 0;
  const port = await listening(t, createWeb((req, res) => res.end(String(++requests))));
  const server = await serve(t, { share: await share(t, `return show(get("127.0.0.1:${port}", "/"))`) });
  assert.match(await outcome(server), /^invalid: 127\.0\.0\.1:\d+ has the address 127\.0\.0\.1 \(loopback\): only public addresses/);
  assert.equal(requests, 0);
  assert.match(await (await fetch(server.url)).text(), /^false .*nothing leaves from this thread: let a job do it/);
});

test("mail goes to a server of this machine without TLS", async (t) => {
  const said = [];
  const port = await listening(t, createMail((socket) => {
    let inMessage = false;
    socket.on("error", () => {});
    socket.write("220 mail.test\r\n");
    socket.on("data", (bytes) => {
      for (const line of bytes.toString().split("\r\n").slice(0, -1)) {
        said.push(line);
        if (line === "DATA") inMessage = true;
        if (inMessage && line !== "DATA" && line !== ".") continue;
        socket.write(line === "DATA" ? "354 go on\r\n" : line === "." ? "250 taken\r\n" : "250 fine\r\n");
        if (line === ".") inMessage = false;
      }
    });
  }));
  const server = await serve(t, { share: await share(t, `
    return show(client.mail({
      server = { host = "127.0.0.1", port = ${port}, security = "plain" }, from = "shop@example.com", to = { "ada@example.com" },
      message = "From: shop@example.com\\r\\nSubject: Hello\\r\\n\\r\\nHello.\\r\\n",
    }))`) });
  assert.equal(await outcome(server), "250 250 taken");
  assert.ok(said.includes("RCPT TO:<ada@example.com>") && said.includes("Subject: Hello"), said.join("\n"));
});

test("a server stops in time though another one never answers", async (t) => {
  let asked = false;
  const port = await listening(t, createWeb(() => (asked = true)));
  const server = await serve(t, {
    args: ["--client-private", "--drain-ms", "300"],
    share: await share(t, `return show(get("127.0.0.1:${port}", "/", { total_ms = 60000 }))`),
  });
  await eventually("it is asked", () => asked);
  const begun = Date.now();
  await server.stop();
  assert.ok(Date.now() - begun < 10_000);
});

test("a shop that the world can see does not reach private addresses", async (t) => {
  const refused = await merx(["serve", "--share", hello, "--data", join(await t.folder(), "data"), "--listen", "0.0.0.0:0", "--client-private"]);
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /client_private is for development: listen on 127\.0\.0\.1 only \(--listen\), or leave it out \(--client-private\)/);
});
