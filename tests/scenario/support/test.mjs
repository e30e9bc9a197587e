// A list of named tests and the loop that runs them. What a test started (servers, folders) it registers with
// `t.after`, which runs in reverse order, also when the test failed; a failure there fails the test.
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const TIMEOUT_MS = 60_000;
let registered = [];

export function test(name, body, { timeout = TIMEOUT_MS } = {}) {
  registered.push({ name, body, timeout });
}

export function takeTests() {
  const taken = registered;
  registered = [];
  return taken;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Asks again until `probe` gives something true.
export async function eventually(what, probe, { within = 10_000, every = 20 } = {}) {
  const end = Date.now() + within;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(`never happened within ${within} ms: ${what}`);
    await sleep(every);
  }
}

class Skipped extends Error {}

class Context {
  #cleanups = [];

  // Leaves the test and says why in the log.
  skip(reason) {
    throw new Skipped(reason);
  }

  after(cleanup) {
    this.#cleanups.push(cleanup);
  }

  async folder() {
    const path = await mkdtemp(join(tmpdir(), "merx-scenario-"));
    this.after(() => rm(path, { recursive: true, force: true }));
    return path;
  }

  async finish() {
    let first;
    for (const cleanup of this.#cleanups.reverse()) {
      try {
        await cleanup();
      } catch (error) {
        first ??= error;
      }
    }
    if (first) throw first;
  }
}

function withTimeout(promise, ms) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function runOne({ name, body, timeout }) {
  const context = new Context();
  let failure;
  try {
    await withTimeout(body(context), timeout);
  } catch (error) {
    failure = error;
  }
  try {
    await withTimeout(context.finish(), timeout);
  } catch (error) {
    failure ??= error;
  }
  return failure;
}

export async function runTests(file, tests) {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  for (const one of tests) {
    const began = Date.now();
    const failure = await runOne(one);
    if (failure instanceof Skipped) {
      skipped++;
      console.log(`skip ${file}: ${one.name}: ${failure.message}`);
    } else if (failure) {
      failed++;
      console.log(`FAIL ${file}: ${one.name} (${Date.now() - began} ms)\n  ${String(failure.stack ?? failure).replaceAll("\n", "\n  ")}`);
    } else {
      passed++;
      console.log(`ok   ${file}: ${one.name} (${Date.now() - began} ms)`);
    }
  }
  return { passed, failed, skipped };
}

// Runs the tests of all *.mjs in a folder, or of those that the command line names; `ends` are told to clean up, and a
// failure of theirs counts. Closes with "N passed, N failed" and ends the process.
export async function runFolder(folder, usage, ends = []) {
  if (!process.env.MERX_BIN) {
    console.error(`MERX_BIN must name the program to test, as in: ${usage}`);
    console.log("0 passed, 1 failed");
    process.exit(1);
  }
  const wanted = process.argv.slice(2);
  const names = (await readdir(folder)).filter((name) => name.endsWith(".mjs")).map((name) => name.replace(/\.mjs$/, "")).sort();
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    console.error(`there is no test ${unknown.join(", ")}; there are: ${names.join(", ")}`);
    process.exit(2);
  }
  const sums = { passed: 0, failed: 0, skipped: 0 };
  for (const name of names.filter((one) => wanted.length === 0 || wanted.includes(one))) {
    await import(pathToFileURL(join(folder, `${name}.mjs`)));
    const result = await runTests(name, takeTests());
    for (const kind of Object.keys(sums)) sums[kind] += result[kind];
  }
  for (const end of ends) {
    await end().catch((error) => {
      sums.failed++;
      console.log(`FAIL the end\n  ${error.message}`);
    });
  }
  console.log(`${sums.passed} passed, ${sums.failed} failed${sums.skipped > 0 ? `, ${sums.skipped} skipped` : ""}`);
  process.exit(sums.failed > 0 || sums.passed === 0 ? 1 : 0);
}
