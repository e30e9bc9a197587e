// Shops to visit: a data folder with an imported catalogue and a server process in front of it. One for each
// catalogue, started when it is first asked for and stopped at the end of the run.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { merx, root, serve } from "../../scenario/support/server.mjs";

export const SAMPLE = join(root, "sql", "seeds", "sample", "products.csv");

// The sample catalogue in a shop in test mode, whose trials are paid at the provider that it serves itself.
export const TRIALS = "trials";

const shops = new Map();
const cleanups = [];

async function openTrials({ url, data }) {
  const values = {
    "payment.test_mode": "true", "plugin.merx.test-pay.endpoint": `${url}/test-provider`, "plugin.merx.test-pay.key": "a key of the tests",
  };
  for (const [key, value] of Object.entries(values)) {
    const set = await merx(["settings", "set", key, value, "--share", root, "--data", data]);
    if (set.code !== 0) throw new Error(`the setting ${key}:\n${set.stderr}${set.stdout}`);
  }
}

async function open(which) {
  const catalogue = which === TRIALS ? SAMPLE : which;
  const data = await mkdtemp(join(tmpdir(), "merx-browser-"));
  cleanups.push(() => rm(data, { recursive: true, force: true }));
  const imported = await merx(["import", "products", catalogue, "--share", root, "--data", data]);
  if (imported.code !== 0) throw new Error(`the catalogue was not imported:\n${imported.stderr}${imported.stdout}`);
  const keeper = { after: (cleanup) => cleanups.push(cleanup) };
  const server = await serve(keeper, { share: root, data, workers: 1, args: which === TRIALS ? ["--client_private"] : [] });
  if (which === TRIALS) await openTrials(server);
  return server;
}

// A running shop with the products of `catalogue`: { url, port, … }.
export function shop(catalogue = SAMPLE) {
  if (!shops.has(catalogue)) shops.set(catalogue, open(catalogue));
  return shops.get(catalogue);
}

export async function closeShops() {
  await Promise.allSettled(shops.values());
  for (const cleanup of cleanups.reverse()) await cleanup();
}
