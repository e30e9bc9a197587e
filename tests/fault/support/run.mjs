// Runs the files of tests/fault, all or some, one after the other.
import { fileURLToPath } from "node:url";
import { runFolder } from "../../scenario/support/test.mjs";
import { IS_BRIEF, IS_LONG, IS_SANITIZED, SEED, remove_template } from "./shop.mjs";

const size = IS_LONG ? "long" : IS_BRIEF ? "brief" : "short (FAULT_LONG=1 does more)";
console.log(`seed ${SEED} (FAULT_SEED), ${size}${IS_SANITIZED ? ", a program with AddressSanitizer" : ""}`);
await runFolder(fileURLToPath(new URL("..", import.meta.url)), "MERX_BIN=build/release/merx tests/fault/run", [remove_template]);
