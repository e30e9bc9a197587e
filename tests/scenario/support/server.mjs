// A real server process in a folder of its own, and ways to talk to it.
import { spawn } from "node:child_process";
import { connect } from "node:net";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
export const bin = resolve(process.env.MERX_BIN ?? "build/dev/merx");
export const hello = join(root, "tests", "support", "hello");
export const echo = join(root, "tests", "support", "echo");

// What a process says that has a bug, of itself or by a sanitizer.
export const COMPLAINTS = /AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:|Assertion .* failed|left open/;

function cleanEnvironment(extra) {
  const suppressions = `suppressions=${join(root, "tests", "support", "tsan.supp")}`;
  const env = { TSAN_OPTIONS: suppressions, ...process.env, ...extra };
  for (const name of Object.keys(env)) {
    if (name.startsWith("MERX_") && !(name in extra)) delete env[name];
  }
  return env;
}

// Runs the program to its end.
export function merx(args, { env = {}, input = "" } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(bin, args, { env: cleanEnvironment(env), stdio: ["pipe", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (bytes) => (stdout += bytes));
    child.stderr.on("data", (bytes) => (stderr += bytes));
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
    child.stdin.on("error", () => {}); // it may end without reading
    child.stdin.end(input);
  });
}

export class Server {
  constructor(child, data) {
    this.child = child;
    this.data = data;
    this.log = "";
    this.port = 0;
    this.ended = new Promise((resolve) => {
      child.on("close", (code, signal) => resolve({ code, signal }));
    });
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  lines() {
    return this.log.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  }

  // The process that holds the threads: the supervisor's child, or the process itself.
  async worker() {
    const path = `/proc/${this.child.pid}/task/${this.child.pid}/children`;
    const children = (await readFile(path, "utf8")).trim().split(/\s+/).filter(Boolean).map(Number);
    return children[0] ?? this.child.pid;
  }

  // Sends words over merx.sock and gives the answer's words.
  ask(...words) {
    return new Promise((resolve, reject) => {
      const socket = connect(join(this.data, "merx.sock"));
      let bytes = Buffer.alloc(0);
      socket.on("error", reject);
      socket.on("close", () => reject(new Error("merx.sock was closed without an answer")));
      socket.on("data", (more) => {
        bytes = Buffer.concat([bytes, more]);
        const answer = readFrame(bytes);
        if (answer) {
          resolve(answer);
          socket.destroy();
        }
      });
      socket.write(writeFrame(words));
    });
  }

  async stop(signal = "SIGTERM") {
    this.child.kill(signal);
    const result = await this.ended;
    if (result.code !== 0) throw new Error(`the server ended with ${JSON.stringify(result)}:\n${this.log}`);
    this.check();
  }

  check() {
    if (COMPLAINTS.test(this.log)) throw new Error(`the server complained:\n${this.log}`);
  }
}

function writeFrame(words) {
  const parts = words.map((word) => {
    const bytes = Buffer.from(word);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return Buffer.concat([length, bytes]);
  });
  const body = Buffer.concat(parts);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([length, body]);
}

function readFrame(bytes) {
  if (bytes.length < 4 || bytes.length < 4 + bytes.readUInt32LE(0)) return null;
  const end = 4 + bytes.readUInt32LE(0);
  const words = [];
  for (let at = 4; at < end; ) {
    const length = bytes.readUInt32LE(at);
    words.push(bytes.subarray(at + 4, at + 4 + length).toString());
    at += 4 + length;
  }
  return words;
}

// Waits until the log says where it serves.
function started(server) {
  return new Promise((resolve, reject) => {
    server.child.stderr.on("data", () => {
      const found = server.log.match(/serving [^ ,]*:(\d+) /) ?? server.log.match(/serving unix:()/);
      if (found) {
        server.port = Number(found[1]);
        resolve(server);
      }
    });
    server.ended.then((result) => reject(new Error(`the server did not start (${JSON.stringify(result)}):\n${server.log}`)));
  });
}

// Starts a server that is stopped, and must stop well, after the test.
export async function serve(t, { share = hello, args = [], env = {}, data, expectEnd = true, listen = "127.0.0.1:0", workers = 2, wrap = [], verb = "serve" } = {}) {
  const folder = data ?? join(await t.folder(), "data");
  const flags = [verb, "--share", share, "--data", folder, "--workers", String(workers), "--log-format", "json"];
  if (listen) flags.push("--listen", listen);
  const command = [...wrap, bin, ...flags, ...args];
  const child = spawn(command[0], command.slice(1), { env: cleanEnvironment(env), stdio: ["ignore", "inherit", "pipe"] });
  const server = new Server(child, folder);
  child.stderr.on("data", (bytes) => (server.log += bytes));
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      if (expectEnd) return server.stop();
      child.kill("SIGKILL");
      await server.ended;
    }
    server.check(); // also of one that was to be killed: it may have ended by a bug before
  });
  return started(server);
}
