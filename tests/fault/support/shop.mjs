// A shop to break: a data folder with a few products, a server over it, and who looks at it afterwards.
import { execFile } from "node:child_process";
import { appendFile, cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { closeSync, openSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { merx, root, serve } from "../../scenario/support/server.mjs";
import { ask } from "./control.mjs";
import { decode, encode } from "./value.mjs";

export const tools = join(root, "build", "fault");
export const IS_LONG = process.env.FAULT_LONG === "1";
export const IS_BRIEF = process.env.FAULT_BRIEF === "1";
export const IS_SANITIZED = process.env.FAULT_SANITIZED === "1";

// How much of something: as the promises say, as fits into a few minutes, or a little.
export const amount = (long, short, brief) => (IS_LONG ? long : IS_BRIEF ? brief : short);

// Everything that is drawn in a run follows from this; a failure is made again with FAULT_SEED.
export const SEED = Number(process.env.FAULT_SEED ?? 20261121);

export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 4294967296;
  };
}

// Tells in the log what a test has done.
export const say = (text) => console.log(`     ${text}`);

export function run(program, args, { env = {}, ok = [0] } = {}) {
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd: root, env: { ...process.env, ...env }, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      const code = error ? (error.code ?? error.signal) : 0;
      if (ok.includes(code)) resolve({ code, stdout, stderr });
      else reject(new Error(`${program} ${args.join(" ")} ended with ${code}\n${stdout.slice(-4000)}${stderr.slice(-4000)}`));
    });
  });
}

// --- the data folder ----------------------------------------------------------------------------

let template; // a promise: made once, copied for each test

async function make_template() {
  const folder = await mkdtemp(join(tmpdir(), "merx-fault-template-"));
  const result = await merx(["import", "products", join(root, "tests/fault/support/products.csv"), "--data", folder]);
  if (result.code !== 0) throw new Error(`the products were not imported:\n${result.stderr}${result.stdout}`);
  return folder;
}

// A fresh folder of a shop with five products.
export async function new_shop(t) {
  const folder = join(await t.folder(), "data");
  template ??= make_template();
  await cp(await template, folder, { recursive: true });
  return folder;
}

export async function remove_template() {
  if (template) await rm(await template, { recursive: true, force: true });
}

// A port that nobody listens at: a supervised server keeps it from one child to the next.
export async function free_port() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export function start(t, data, { args = [], ...options } = {}) {
  return serve(t, { share: root, data, args, ...options });
}

// What may lie in a data folder.
const USUAL = new Set([
  "activity.db", "activity.db-shm", "activity.db-wal", "media", "merx.key", "merx.lock", "merx.sock", "plugins", "shop.db", "shop.db-shm",
  "shop.db-wal", "themes", "tmp",
]);

export async function check_no_strays(data) {
  const strays = (await readdir(data)).filter((name) => !USUAL.has(name));
  for (const name of await readdir(join(data, "tmp")).catch(() => [])) strays.push(`tmp/${name}`);
  if (strays.length > 0) throw new Error(`the data folder holds what belongs to nobody: ${strays.join(", ")}`);
}

// --- promises and laws --------------------------------------------------------------------------

export const promise_of = (order) => `order ${order.token} ${order.pieces} ${order.total}`;

// Holds all laws of a database and the promises (lines) against it.
export async function check(database, promises = [], scratch) {
  const args = [database];
  if (promises.length > 0) {
    const path = join(scratch, `promises-${Math.random().toString(36).slice(2)}`);
    await appendFile(path, promises.join("\n") + "\n");
    args.push(path);
  }
  return (await run(join(tools, "check"), args)).stdout.trim();
}

// The first column of what a question to the database gives.
export async function query(data, sql) {
  return (await run(join(tools, "check"), [join(data, "shop.db"), "--ask", sql])).stdout.split("\n").filter(Boolean);
}

// merx fsck must agree.
export async function fsck(data) {
  const result = await merx(["fsck", "--data", data, "--share", root]);
  if (result.code !== 0) throw new Error(`merx fsck: ${result.code}\n${result.stdout}${result.stderr}`);
}

// --- the recorder -------------------------------------------------------------------------------

const ACK = 9;

// Environment of a process that is recorded.
export function recorded(data, log) {
  return { LD_PRELOAD: join(tools, "recorder.so"), POWERCUT_FOLDER: data, POWERCUT_LOG: log };
}

// Writes promises into a recording, in order with what the recorded process does.
export class Witness {
  constructor(log) {
    this.fd = openSync(log, "a");
  }

  promise(line) {
    const data = Buffer.from(line);
    const head = Buffer.alloc(40);
    head.writeUInt32LE(0x54554350, 0);
    head.writeUInt16LE(ACK, 4);
    head.writeBigUInt64LE(BigInt(data.length), 32);
    writeSync(this.fd, Buffer.concat([head, data]));
  }

  close() {
    closeSync(this.fd);
  }
}

// --- commands -----------------------------------------------------------------------------------

// Runs a command in a server, as the command line does.
export async function command(server, name, args, key = "", actor = "cli") {
  const answer = await ask(server.data, "command", name, encode(args), key, actor);
  if (answer[0].toString() !== "ok") throw new Error(`${name}: ${answer.map(String).join(" ")}`);
  const result = decode(answer[1]);
  if (result.err) throw Object.assign(new Error(`${name}: ${result.err.code}: ${result.err.message}`), { code: result.err.code });
  return result.ok;
}
