// Runs every *.mjs of tests/scenario: each file registers tests, which run one after the other.
import { fileURLToPath } from "node:url";
import { runFolder } from "./test.mjs";

await runFolder(fileURLToPath(new URL("..", import.meta.url)), "MERX_BIN=build/dev/merx tests/scenario/run");
