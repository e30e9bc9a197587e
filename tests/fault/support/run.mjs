// Runs the files of tests/fault, all or some, one after the other. Closes with "N passed, N failed", and
// how many were skipped: they are neither.
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runTests, takeTests } from "../../scenario/support/test.mjs";
import { IS_LONG, SEED, remove_template } from "./shop.mjs";

const folder = join(dirname(fileURLToPath(import.meta.url)), "..");
const wanted = process.argv.slice(2);
const names = (await readdir(folder)).filter((name) => name.endsWith(".mjs")).map((name) => name.replace(/\.mjs$/, "")).sort();
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`there is no test ${unknown.join(", ")}; there are: ${names.join(", ")}`);
  process.exit(2);
}

console.log(`seed ${SEED} (FAULT_SEED), ${IS_LONG ? "long" : "short (FAULT_LONG=1 does more)"}`);
let passed = 0;
let failed = 0;
let skipped = 0;
for (const name of names.filter((one) => wanted.length === 0 || wanted.includes(one))) {
  await import(pathToFileURL(join(folder, `${name}.mjs`)));
  const result = await runTests(name, takeTests());
  passed += result.passed;
  failed += result.failed;
  skipped += result.skipped;
}
await remove_template();
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
