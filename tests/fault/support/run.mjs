// Runs the files of tests/fault, all or some, one after the other.
import { fileURLToPath } from "node:url";
import { runFolder } from "../../scenario/support/test.mjs";
import { IS_LONG, SEED, remove_template } from "./shop.mjs";

console.log(`seed ${SEED} (FAULT_SEED), ${IS_LONG ? "long" : "short (FAULT_LONG=1 does more)"}`);
await runFolder(fileURLToPath(new URL("..", import.meta.url)), "MERX_BIN=build/release/merx tests/fault/run", [remove_template]);
