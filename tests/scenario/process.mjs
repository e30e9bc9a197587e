// The process: start, options, crash, drain, reload, the command line.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bin, hello, merx, serve } from "./support/server.mjs";
import { eventually, sleep, test } from "./support/test.mjs";
import { request, Wire } from "./support/http.mjs";

test("a second server on the same folder is refused", async (t) => {
  const server = await serve(t);
  const second = await merx(["serve", "--share", hello, "--data", server.data, "--listen", "127.0.0.1:0"]);
  assert.equal(second.code, 4);
  assert.equal((await request(server.port, "/")).status, 200);
});

test("a crash is repaired without a refused connection, and nothing acknowledged is lost", async (t) => {
  const server = await serve(t);
  let told = 0;
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 20; i++) told = Number((await request(server.port, "/add")).text);
    process.kill(await server.worker(), "SIGKILL");
    // Who comes while nobody is there waits in the queue of the socket.
    assert.equal(Number((await request(server.port, "/count")).text), told);
  }
  assert.ok(server.lines().filter((line) => line.msg.startsWith("the server crashed (signal 9)")).length === 3);
});

// The pauses that the supervisor announced, in milliseconds.
const pauses = (server) => server.lines().map((line) => line.msg.match(/starting it again in (\d+) ms/)?.[1]).filter(Boolean).map(Number);

test("a child that served is replaced at once, however often that happens", async (t) => {
  const server = await serve(t);
  for (let round = 0; round < 4; round++) {
    assert.equal((await request(server.port, "/")).status, 200);
    await sleep(2200);
    process.kill(await server.worker(), "SIGKILL");
  }
  assert.equal((await request(server.port, "/")).status, 200);
  assert.deepEqual(pauses(server), [0, 0, 0, 0]);
});

test("a child that dies at its start again and again is given time", async (t) => {
  const server = await serve(t);
  let last = 0;
  for (let round = 1; round <= 4; round++) {
    await eventually("there is another child", async () => ![server.child.pid, last].includes(await server.worker()));
    last = await server.worker();
    process.kill(last, "SIGKILL");
    await eventually("the supervisor tells of it", () => pauses(server).length === round);
  }
  const said = pauses(server);
  if (said[0] === 0) assert.deepEqual(said, [0, 100, 200, 400]); // the first one may have served for long
  else assert.deepEqual(said, [100, 200, 400, 800]);
  assert.equal((await request(server.port, "/")).status, 200);
});

test("a server that cannot start says why, once", async (t) => {
  const folder = await t.folder();
  await mkdir(join(folder, "share", "lua"), { recursive: true });
  await writeFile(join(folder, "share", "lua", "boot.lua"), "error('no shop today')");
  const failed = await merx(["serve", "--share", join(folder, "share"), "--data", join(folder, "data"), "--listen", "127.0.0.1:0"]);
  assert.notEqual(failed.code, 0);
  assert.match(failed.stderr, /no shop today/);
  assert.equal(failed.stderr.match(/cannot serve/g).length, 1);
});

test("a port is not shared with another shop's server", async (t) => {
  const first = await serve(t, { workers: 1 });
  const second = await merx(["serve", "--share", hello, "--data", join(await t.folder(), "data"), "--listen", `127.0.0.1:${first.port}`]);
  assert.equal(second.code, 4);
  assert.match(second.stderr, /cannot listen on 127\.0\.0\.1:\d+: Address already in use; end what listens there, or choose another one with --listen \(this one is from --listen\)/);
});

test("a taken port is a clear error", async (t) => {
  const server = await serve(t, { workers: 1 });
  const taken = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => taken.on("listening", resolve));
  t.after(() => taken.close());
  const failed = await merx(["serve", "--share", hello, "--data", join(await t.folder(), "data"), "--listen", `127.0.0.1:${taken.address().port}`]);
  assert.equal(failed.code, 4);
  assert.match(failed.stderr, /cannot listen on 127\.0\.0\.1:\d+: Address already in use; end what listens there, or choose another one with --listen \(this one is from --listen\)/);
  const other = await merx(["serve", "--share", hello, "--data", join(await t.folder(), "data"), "--listen", "127.0.0.1:0"],
    { env: { MERX_ADMIN_LISTEN: `127.0.0.1:${taken.address().port}` } });
  assert.match(other.stderr, /choose another one with --admin-listen \(this one is from MERX_ADMIN_LISTEN\)/);
  const nowhere = await merx(["serve", "--share", hello, "--data", join(await t.folder(), "data"), "--listen", "192.0.2.1:8080"]);
  assert.match(nowhere.stderr, /this machine has no such address; \*:PORT means all that it has \(from --listen\)/);
  assert.equal((await request(server.port, "/")).status, 200);
});

test("SIGTERM lets requests end, answers with Connection: close and ends with 0", async (t) => {
  const server = await serve(t);
  const busy = new Wire(server.port).send("GET /sleep?ms=500 HTTP/1.1\r\nHost: a\r\n\r\n");
  const idle = new Wire(server.port).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await idle.reply();
  await sleep(100);
  const stopping = server.stop();
  await idle.end();
  const reply = await busy.reply();
  assert.equal(reply.status, 200);
  assert.equal(reply.headers.connection, "close");
  await stopping;
});

test("a drain under load resets nobody", async (t) => {
  const server = await serve(t);
  let stopped = false;
  const results = { ok: 0, refused: 0, broken: [] };
  const visitor = async () => {
    while (!stopped) {
      try {
        const reply = await request(server.port, "/");
        if (reply.status === 200) results.ok++;
        else results.broken.push(reply.status);
      } catch (error) {
        if (/ECONNREFUSED/.test(error.message)) results.refused++;
        else results.broken.push(error.message);
        if (stopped || results.refused > 5) return;
      }
    }
  };
  const visitors = Array.from({ length: 20 }, visitor);
  await sleep(300);
  await server.stop();
  stopped = true;
  await Promise.all(visitors);
  assert.ok(results.ok > 20);
  // After the drain the port is gone: connections that the kernel completed for nobody may be reset then.
  assert.ok(results.broken.length <= 1, JSON.stringify(results.broken.slice(0, 5)));
});

test("a reload under load fails no request", async (t) => {
  const server = await serve(t);
  let stopped = false;
  const failures = [];
  const visitor = async () => {
    while (!stopped) {
      const reply = await request(server.port, "/page").catch((error) => ({ status: error.message }));
      if (reply.status !== 200) failures.push(reply.status);
    }
  };
  const visitors = [visitor(), visitor(), visitor()];
  for (let i = 0; i < 10; i++) {
    if (i % 2) server.child.kill("SIGHUP");
    else await server.ask("reload");
    await sleep(30);
  }
  stopped = true;
  await Promise.all(visitors);
  assert.deepEqual(failures, []);
  const metrics = await request(server.port, "/metrics");
  assert.match(metrics.text, /^hello_reloads [1-9]/m);
});

test("SIGHUP takes up the options that may change, and names those that may not", async (t) => {
  const file = join(await t.folder(), "merx.conf");
  const write = (...lines) => writeFile(file, lines.join("\n") + "\n");
  const reload = async (said) => {
    const before = server.log.length;
    server.child.kill("SIGHUP");
    await eventually("it is reloaded", () => server.log.slice(before).includes("reloaded"));
    for (const words of said) assert.match(server.log.slice(before), words);
    return server.log.slice(before);
  };
  const post = async () => (await request(server.port, "/", { method: "POST", body: "more than ten bytes" })).status;
  await write("# nothing yet");
  const server = await serve(t, { args: ["--config", file, "--handler-ms", "7000"] });
  assert.notEqual(await post(), 413);
  assert.equal((await request(server.port, "/metrics")).status, 200);
  assert.equal(server.lines().filter((line) => line.msg === "request").length, 0);

  await write("body_bytes = 10", "idle_ms = 200", "access_log = yes", "metrics_allow = 192.0.2.1", "cache_bytes = 1M", "handler_ms = 1", "base_url = https://b");
  const told = await reload([
    /changed and taken up: metrics_allow, access_log, cache_bytes, body_bytes, idle_ms"/, // a flag wins: no handler_ms
    /changed, but only a restart takes it up: base_url"/,
  ]);
  assert.doesNotMatch(told, /handler_ms/);
  assert.equal(await post(), 413);
  assert.equal((await request(server.port, "/metrics")).status, 404);
  await eventually("requests are logged", () => server.lines().some((line) => line.msg === "request" && line.path === "/metrics"));
  const idle = new Wire(server.port).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await idle.reply();
  const since = Date.now();
  await idle.end();
  assert.ok(Date.now() - since < 5000, "an idle connection is let go after idle_ms");

  await write("body_bytes = 10", "idle_ms = never");
  await reload([/the options stay as they were: idle_ms must be a number .*merx\.conf:2/]);
  await write("body_bytes = 10", "trusted_proxies = nobody/99");
  await reload([/the options stay as they were: /]);
  assert.equal(await post(), 413);

  await write("body_bytes = 10");
  await reload([/taken up: metrics_allow, access_log, cache_bytes, idle_ms"/]);
  process.kill(await server.worker(), "SIGKILL");
  assert.equal(await post(), 413, "the next child begins with them");

  await write("");
  await eventually("merx.sock is there again", () => server.ask("reload").catch(() => null));
  await eventually("bodies may be larger again", async () => (await post()) !== 413);
});

test("merx stop ends the server", async (t) => {
  const server = await serve(t);
  const stopped = await merx(["stop", "--data", server.data]);
  assert.equal(stopped.code, 0);
  assert.deepEqual(await server.ended, { code: 0, signal: null });
  const nobody = await merx(["status", "--data", server.data]);
  assert.equal(nobody.code, 3);
  assert.match(nobody.stderr, /no server runs on/);
});

test("merx status and merx metrics ask the server", async (t) => {
  const server = await serve(t);
  await request(server.port, "/add");
  const status = await merx(["status", "--data", server.data]);
  const seen = JSON.parse(status.stdout);
  assert.equal(seen.phase, "ready");
  assert.ok(seen.writer.commands >= 1);
  const metrics = await merx(["metrics", "--data", server.data]);
  assert.match(metrics.stdout, /^merx_ready 1$/m);
  assert.equal((await merx(["status", "--json", "--data", server.data])).code, 2);
});

test("the socket for tools is for their user only", async (t) => {
  const server = await serve(t);
  const info = await stat(join(server.data, "merx.sock"));
  assert.equal(info.mode & 0o777, 0o600);
  for (const name of ["shop.db", "merx.key"]) {
    assert.equal((await stat(join(server.data, name))).mode & 0o077, 0, name);
  }
  assert.deepEqual((await server.ask("nonsense")).slice(0, 2), ["error", "missing"]);
  const backup = join(server.data, "copy.db");
  assert.deepEqual(await server.ask("backup", backup), ["ok"]);
  assert.equal((await readFile(backup)).subarray(0, 15).toString(), "SQLite format 3");
});

test("the clock stands still until it is moved, where that is permitted", async (t) => {
  const real = await serve(t);
  assert.equal((await real.ask("clock", "1000"))[0], "error");
  const server = await serve(t, { args: ["--allow-fake-clock", "--world-now", "1700000000000"] });
  assert.equal((await request(server.port, "/now")).text, "1700000000000\n");
  assert.equal((await request(server.port, "/now")).headers.date, "Tue, 14 Nov 2023 22:13:20 GMT");
  await eventually("the first tick", async () => (await request(server.port, "/ticks")).text === "1\n");
  const moved = "1700086400000  Wed, 15 Nov 2023 22:13:20 GMT\n";
  assert.equal((await merx(["clock", "1700086400000", "--data", server.data])).stdout, moved);
  assert.equal((await request(server.port, "/now")).text, "1700086400000\n");
  await eventually("a tick that is due now", async () => (await request(server.port, "/ticks")).text === "2\n");
  assert.equal((await merx(["serve", "--world-now", "5", "--data", real.data])).code, 2);
});

test("health is for those who may ask", async (t) => {
  const server = await serve(t, { args: ["--admin-listen", "127.0.0.1:0", "--metrics-allow", "192.0.2.0/24"] });
  for (const path of ["/healthz", "/readyz", "/metrics"]) assert.equal((await request(server.port, path)).status, 404);
  const open = await serve(t);
  assert.equal((await request(open.port, "/healthz")).text, "ok\n");
  const asked = await request(open.port, "/readyz", { method: "OPTIONS" });
  assert.deepEqual([asked.status, asked.headers.allow], [204, "GET, HEAD, OPTIONS"]);
  assert.equal((await request(open.port, "/metrics", { method: "POST" })).status, 405);
  assert.equal((await request(open.port, "/readyz")).text, "ready\n");
  const counted = /http_server_request_duration_seconds_bucket\{route="\/healthz",le="\+Inf"\} 1/;
  await eventually("it is counted, a moment after it was answered", async () => counted.test((await request(open.port, "/metrics")).text));
  // A proxy on this machine must not open the door for the world.
  const proxied = await request(open.port, "/metrics", { headers: { "X-Forwarded-For": "203.0.113.1" } });
  assert.equal(proxied.status, 404);
});

test("without descriptors visitors wait, and nobody is lost", async (t) => {
  const wrap = ["/bin/sh", "-c", 'ulimit -n 64; exec "$@"', "sh"];
  const server = await serve(t, { workers: 1, wrap });
  const many = Array.from({ length: 100 }, () => new Wire(server.port).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  await eventually("the warning", () => server.log.includes("cannot accept connections for now"));
  for (let left = many; left.length > 0; ) { // who is served leaves and makes room
    const served = left.filter((wire) => wire.bytes.length > 0);
    served.forEach((wire) => wire.destroy());
    left = left.filter((wire) => !served.includes(wire));
    assert.ok(!left.some((wire) => wire.closed), "a visitor was turned away");
    await sleep(20);
  }
  assert.equal((await request(server.port, "/")).status, 200);
});

test("sockets that systemd passes are used", async (t) => {
  const folder = await t.folder();
  const listener = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => listener.on("listening", resolve));
  const { port } = listener.address();
  const child = spawn("/bin/sh", ["-c", 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"', "sh", bin, "serve", "--share", hello, "--data", join(folder, "data"),
    "--supervise", "false"], { stdio: ["ignore", "ignore", "pipe", listener._handle.fd] });
  const ended = new Promise((resolve) => child.on("close", resolve));
  let log = "";
  child.stderr.on("data", (bytes) => (log += bytes));
  t.after(async () => {
    child.kill();
    assert.equal(await ended, 0);
  });
  await eventually("the start", () => log.includes("serving"));
  listener.close();
  for (let i = 0; i < 20; i++) assert.equal((await request(port, "/")).status, 200);
});

test("a Unix socket is listened on", async (t) => {
  const folder = await t.folder();
  const path = join(folder, "web.sock");
  await serve(t, { listen: `unix:${path}`, args: ["--trusted-proxies", "unix"] });
  assert.equal((await stat(path)).mode & 0o777, 0o660);
  const reply = await request(path, "/echo", { headers: { "X-Forwarded-For": "203.0.113.5", "X-Forwarded-Proto": "https" } });
  const seen = JSON.parse(reply.text);
  assert.equal(seen.remote, "203.0.113.5");
  assert.equal(seen.secure, true);
});

test("forwarded headers are believed only from trusted proxies", async (t) => {
  const headers = { "X-Forwarded-For": "203.0.113.5", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.test", "X-Request-Id": "proxy-0123456789" };
  const seen = async (server) => JSON.parse((await request(server.port, "/echo", { headers })).text);
  const stranger = await seen(await serve(t));
  assert.deepEqual([stranger.remote, stranger.secure, stranger.scheme, stranger.host], ["127.0.0.1", false, "http", "shop.test"]);
  assert.notEqual(stranger.id, "proxy-0123456789");
  const trusted = await seen(await serve(t, { args: ["--trusted-proxies", "127.0.0.0/8"] }));
  assert.deepEqual([trusted.remote, trusted.secure, trusted.scheme, trusted.host], ["203.0.113.5", true, "https", "evil.test"]);
  assert.equal(trusted.id, "proxy-0123456789");
  const other = await seen(await serve(t, { args: ["--trusted-proxies", "127.0.0.0/8", "--forwarded", "forwarded"] }));
  assert.deepEqual([other.remote, other.secure, other.host], ["127.0.0.1", false, "shop.test"]);
});
