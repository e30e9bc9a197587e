// The guide for authors of plugins, run as it stands: every file is written, every command is run in one shell in one
// folder, and what it prints is compared with what the page says.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { bin, root } from "./support/server.mjs";
import { eventually, test } from "./support/test.mjs";

const PORT = 8080; // as the page says

// { language, words, text, line }: "```sh fails=5" has the language sh and the word fails=5.
export function blocksOf(markdown) {
  const blocks = [];
  let open = null;
  markdown.split("\n").forEach((line, at) => {
    if (open && line === "```") {
      blocks.push(open);
      open = null;
    } else if (open) open.text += `${line}\n`;
    else if (line.startsWith("```")) {
      const [language, ...words] = line.slice(3).split(" ");
      open = { language, words, text: "", line: at + 1 };
    }
  });
  assert.equal(open, null, "a block is not closed");
  return blocks;
}

// "…" alone on a line is any lines, elsewhere any part of one.
export function pattern(expected) {
  const lines = expected.trimEnd().split("\n").map((line) => {
    if (line === "…") return "(?:.*\\n)*?";
    return `${line.split("…").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join(".*")}\\n`;
  });
  return new RegExp(`^${lines.join("")}$`);
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// One shell for the whole page, so that what one block sets the next one has.
class Shell {
  constructor(folder, env) {
    this.child = spawn("bash", ["--noprofile", "--norc"], { cwd: folder, env, stdio: ["pipe", "pipe", "pipe"] });
    this.out = "";
    this.err = "";
    this.child.stdout.on("data", (bytes) => (this.out += bytes));
    this.child.stderr.on("data", (bytes) => (this.err += bytes));
  }

  // Runs the block's commands; the first that fails ends the block.
  async run(text) {
    this.out = "";
    this.err = "";
    const lines = text.trimEnd().split("\n").join(" &&\n");
    this.child.stdin.write(`{ ${lines}\n} </dev/null; echo "<<<$?>>>"\n`);
    const end = await eventually("the block ends", () => /<<<(\d+)>>>\n$/.exec(this.out), { within: 60_000 });
    return { code: Number(end[1]), stdout: this.out.slice(0, end.index), stderr: this.err };
  }

  close() {
    this.child.kill();
  }
}

async function startServer(t, text, folder, env, port) {
  const child = spawn("bash", ["-c", `exec ${text.trim()}`], { cwd: folder, env: { ...env, MERX_DATA: join(folder, "shop") } });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (log += bytes));
  const ended = new Promise((resolve) => child.on("close", resolve));
  t.after(async () => {
    child.kill("SIGTERM");
    await ended;
  });
  const answers = () => fetch(`http://127.0.0.1:${port}/`).then((reply) => reply.ok, () => false);
  await eventually("the shop answers", answers, { within: 30_000 }).catch((error) => assert.fail(`${error.message}\n${log}`));
}

async function writeBlock(folder, block) {
  const path = join(folder, block.words[0]);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, block.text);
}

// `merx` on the PATH is the program under test.
async function makeEnvironment(folder) {
  const programs = join(folder, "bin");
  await mkdir(programs);
  await writeFile(join(programs, "merx"), `#!/bin/sh\nexport MERX_SHARE='${root}' MERX_LOG_LEVEL=error\nexec '${bin}' "$@"\n`);
  await chmod(join(programs, "merx"), 0o755);
  const env = { ...process.env, PATH: `${programs}:${process.env.PATH}`, LC_ALL: "C" };
  for (const name of Object.keys(env)) {
    if (name.startsWith("MERX_")) delete env[name];
  }
  return env;
}

test("the guide for plugins leads from an empty folder to a changed price on a page", async (t) => {
  const folder = await t.folder();
  const work = join(folder, "work");
  await mkdir(work);
  const env = await makeEnvironment(folder);
  const port = await freePort();
  const page = (await readFile(join(root, "docs", "guides", "plugin.md"), "utf8")).replaceAll(`127.0.0.1:${PORT}`, `127.0.0.1:${port}`);
  const shell = new Shell(work, env);
  t.after(() => shell.close());
  const ran = { file: 0, sh: 0, text: 0 };
  let last;
  for (const block of blocksOf(page)) {
    const where = `docs/guides/plugin.md:${block.line}`;
    if (block.language === "sh" && block.words[0] === "server") await startServer(t, block.text, work, env, port);
    else if (block.language === "sh") {
      last = await shell.run(block.text);
      const wanted = Number(/^fails=(\d+)$/.exec(block.words[0] ?? "")?.[1] ?? 0);
      assert.equal(last.code, wanted, `${where}: ${last.stdout}${last.stderr}`);
      ran.sh++;
    } else if (block.language === "text") {
      assert.ok(pattern(block.text).test(last.stdout), `${where}: the page says\n${block.text}and it was\n${last.stdout}`);
      ran.text++;
    } else {
      assert.ok(block.words[0], `${where}: a block is a command, what it prints, or a file with its path`);
      await writeBlock(work, block);
      ran.file++;
    }
  }
  assert.ok(ran.file >= 6 && ran.sh >= 10 && ran.text >= 8, JSON.stringify(ran));
}, { timeout: 180_000 });

test("what a page says that a command prints is compared line by line", async () => {
  assert.match("a 1 b\nc\n", pattern("a … b\nc\n"));
  assert.match("x\ny\nz\n", pattern("…\nz\n"));
  assert.match("z\n", pattern("…\nz\n"));
  assert.doesNotMatch("z\ny\n", pattern("…\nz\n"));
  assert.doesNotMatch("ab\n", pattern("a.\n"));
  assert.deepEqual(blocksOf("x\n```sh fails=5\na\n```\n"), [{ language: "sh", words: ["fails=5"], text: "a\n", line: 2 }]);
});
