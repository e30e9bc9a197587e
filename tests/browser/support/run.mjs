// Runs every *.mjs of tests/browser against one shop with the sample catalogue and one browser.
import { fileURLToPath } from "node:url";
import { runFolder } from "../../scenario/support/test.mjs";
import { closeBrowser } from "./browser.mjs";
import { closeShops } from "./shop.mjs";

await runFolder(fileURLToPath(new URL("..", import.meta.url)), "MERX_BIN=build/release/merx tests/browser/run", [closeBrowser, closeShops]);
