// HTTP by hand: bytes out, replies in. Nothing is repaired or retried, so that tests see what is there.
import { connect } from "node:net";

// One reply at the beginning of `bytes`, or null when more is needed. `method` says whether a body may follow.
export function readReply(bytes, method = "GET", closed = false) {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const lines = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(lines[0])?.[1]);
  if (!status) throw new Error(`no status line: ${lines[0]}`);
  const headers = {};
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  const bodiless = method === "HEAD" || status < 200 || status === 204 || status === 304;
  let length = 0;
  if (!bodiless) {
    if (headers["content-length"] === undefined) {
      if (!closed) return null;
      length = bytes.length - end - 4;
    } else length = Number(headers["content-length"]);
  }
  if (bytes.length < end + 4 + length) return null;
  const body = bytes.subarray(end + 4, end + 4 + length);
  return { status, headers, body, text: body.toString(), size: end + 4 + length };
}

// A connection that keeps what comes in.
export class Wire {
  constructor(port, host = "127.0.0.1") {
    this.socket = connect(typeof port === "string" ? { path: port } : { port, host });
    this.bytes = Buffer.alloc(0);
    this.closed = false;
    this.waiters = [];
    this.socket.on("data", (more) => {
      this.bytes = Buffer.concat([this.bytes, more]);
      this.#wake();
    });
    this.socket.on("error", (error) => {
      this.error = error;
    });
    this.socket.on("close", () => {
      this.closed = true;
      this.#wake();
    });
    this.socket.on("end", () => {
      this.ended = true;
      this.#wake();
    });
  }

  #wake() {
    for (const waiter of this.waiters.splice(0)) waiter();
  }

  send(bytes) {
    this.socket.write(bytes);
    return this;
  }

  // The next reply; interim ones (1xx) count. Null when the connection ends before.
  async reply(method = "GET") {
    for (;;) {
      const done = this.closed || this.ended;
      const reply = readReply(this.bytes, method, done);
      if (reply) {
        this.bytes = this.bytes.subarray(reply.size);
        return reply;
      }
      if (done) return null;
      await new Promise((resolve) => this.waiters.push(resolve));
    }
  }

  // Resolves when the server has closed its side.
  async end() {
    while (!this.closed && !this.ended) await new Promise((resolve) => this.waiters.push(resolve));
  }

  destroy() {
    this.socket.destroy();
  }
}

// One request on a connection of its own.
export async function request(port, path, { method = "GET", headers = {}, body = "" } = {}) {
  const wire = new Wire(port);
  const all = { Host: "shop.test", Connection: "close", ...headers };
  if (body.length > 0) all["Content-Length"] ??= String(Buffer.byteLength(body));
  const lines = Object.entries(all).flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => `${name}: ${one}`));
  wire.send(`${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
  if (body.length > 0) wire.send(body);
  const reply = await wire.reply(method);
  wire.destroy();
  if (!reply) throw new Error(`no reply to ${method} ${path}: ${wire.error ?? "closed"}`);
  return reply;
}
