// The raw requests of http_vectors/*.txt, sent to a running server: what the parser understands is what Lua sees.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { root, serve, echo } from "./support/server.mjs";
import { sleep, test } from "./support/test.mjs";
import { Wire } from "./support/http.mjs";

const folder = join(root, "tests", "scenario", "http_vectors");
const QUIET_MS = 120; // how long nothing must happen where nothing is decided
const ESCAPES = { r: 13, n: 10, t: 9, 0: 0, "\\": 92 };

function unescape(text) {
  const bytes = [];
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== "\\") {
      bytes.push(...Buffer.from(text[at]));
    } else if (text[++at] === "x") {
      bytes.push(parseInt(text.slice(at + 1, at + 3), 16));
      at += 2;
    } else {
      bytes.push(ESCAPES[text[at]]);
    }
  }
  return Buffer.from(bytes);
}

function parse(source) {
  const vectors = [];
  let vector;
  let expected;
  for (const line of source.split("\n")) {
    if (line.startsWith("test ")) {
      vector = { name: line.slice(5), bodyMax: 1000, bytes: [], expected: [] };
      vectors.push(vector);
    } else if (line.startsWith("body-max ")) {
      vector.bodyMax = Number(line.slice(9));
    } else if (line.startsWith(">*")) {
      const [, times, text] = /^>\*(\d+) (.*)$/s.exec(line);
      for (let i = 0; i < Number(times); i++) vector.bytes.push(unescape(text));
    } else if (line.startsWith("> ")) {
      vector.bytes.push(unescape(line.slice(2)));
    } else if (line.startsWith("= ")) {
      const [, method, path] = /^(\S+) ?(.*)$/s.exec(line.slice(2));
      expected = { method, path, facts: [] };
      vector.expected.push(expected);
    } else if (line.startsWith("! ")) {
      vector.expected.push({ status: Number(line.slice(2)) });
    } else if (line === "...") {
      vector.expected.push({ nothing: true });
    } else if (line.trim() && !line.startsWith("#")) {
      const [, name, value] = /^(\S+) ?(.*)$/s.exec(line);
      expected.facts.push({ name, value });
    }
  }
  return vectors;
}

// What a reply of the echo server shows. How many fields there were, it does not.
const checks = {
  host: (value, reply, seen) => assert.equal(seen.host, unescape(value).toString()),
  query: (value, reply, seen) => assert.equal(seen.query ?? "", unescape(value).toString()),
  scheme: () => {}, // a client may name any; who decides is the connection
  body: (value, reply, seen) => assert.equal(seen.body, unescape(value).toString("hex")),
  fields: () => {},
  header: (value, reply, seen) => {
    const [, name, text] = /^([^:]+): ?(.*)$/s.exec(value);
    const found = seen.headers[name.toLowerCase()];
    const comma = Buffer.from(", ").toString("hex"); // of a field that came twice the first is meant
    assert.ok(found !== undefined, `the echo server does not show "${name}"`);
    assert.equal(found.split(comma)[0], unescape(text).toString("hex").split(comma)[0]);
  },
  "keep-alive": (value, reply) => assert.equal(reply.headers.connection === "close", value === "no"),
  "expects-continue": (value, reply) => assert.equal(Boolean(reply.interim), value === "yes"),
  wire: () => {},
};

async function replyTo(wire, method) {
  let interim;
  for (;;) {
    const reply = await wire.reply(method);
    if (!reply || reply.status >= 200) return reply && { ...reply, interim };
    interim = reply;
  }
}

async function check(port, vector) {
  const wire = new Wire(port);
  wire.send(Buffer.concat(vector.bytes));
  try {
    for (const expected of vector.expected) {
      if (expected.nothing) {
        await sleep(QUIET_MS);
        assert.equal(wire.bytes.indexOf("HTTP/1.1 2"), -1, "a reply came to half a request");
        assert.equal(wire.closed, false, "the connection was closed");
        continue;
      }
      const reply = await replyTo(wire, expected.method);
      assert.ok(reply, "the connection ended without a reply");
      if (expected.status) {
        assert.equal(reply.status, expected.status);
        assert.equal(reply.headers.connection, "close");
        await wire.end();
        assert.equal(wire.bytes.length, 0, "something came after the refusal");
        continue;
      }
      assert.equal(reply.status, 200, reply.text);
      const seen = expected.method === "HEAD" ? undefined : JSON.parse(reply.text);
      if (seen) assert.equal(seen.method, expected.method);
      if (seen && expected.path) assert.equal(seen.path, unescape(expected.path).toString());
      for (const fact of expected.facts) {
        assert.ok(checks[fact.name], `nobody knows how to check "${fact.name}"`);
        if (seen || fact.name === "keep-alive") checks[fact.name](fact.value, reply, seen);
      }
    }
  } finally {
    wire.destroy();
  }
}

for (const file of (await readdir(folder)).filter((name) => name.endsWith(".txt")).sort()) {
  const vectors = parse(await readFile(join(folder, file), "utf8"));
  const sizes = [...new Set(vectors.map((vector) => vector.bodyMax))];
  for (const size of sizes) {
    const some = vectors.filter((vector) => vector.bodyMax === size);
    test(`${file}: ${some.length} vectors with at most ${size} bytes of body`, async (t) => {
      const server = await serve(t, { share: echo, args: ["--body-bytes", String(size)], workers: 1 });
      const failures = [];
      for (const vector of some) {
        await check(server.port, vector).catch((error) => failures.push(`${vector.name}: ${error.message}`));
      }
      assert.deepEqual(failures, []);
    });
  }
}
