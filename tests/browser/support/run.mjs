// Runs every *.mjs of tests/browser against one shop with the sample catalogue and one browser. Each file registers
// tests, which run one after the other. Closes with "N passed, N failed".
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runTests, takeTests } from "../../scenario/support/test.mjs";
import { closeBrowser } from "./browser.mjs";
import { closeShops } from "./shop.mjs";

const folder = join(dirname(fileURLToPath(import.meta.url)), "..");

if (!process.env.MERX_BIN) {
  console.error("MERX_BIN must name the program to test, as in: MERX_BIN=build/release/merx tests/browser/run");
  console.log("0 passed, 1 failed");
  process.exit(1);
}

const wanted = process.argv.slice(2);
const files = (await readdir(folder)).filter((name) => name.endsWith(".mjs")).sort();
const chosen = wanted.length ? files.filter((name) => wanted.includes(name.replace(/\.mjs$/, ""))) : files;

let passed = 0;
let failed = 0;
for (const file of chosen) {
  await import(pathToFileURL(join(folder, file)));
  const result = await runTests(file.replace(/\.mjs$/, ""), takeTests());
  passed += result.passed;
  failed += result.failed;
}
await closeBrowser();
try {
  await closeShops();
} catch (error) {
  failed++;
  console.log(`FAIL the shop did not end well\n  ${error.message}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
