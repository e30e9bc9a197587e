// Shops to visit: a data folder with an imported catalogue and a server process in front of it. One for each
// catalogue, started when it is first asked for and stopped at the end of the run.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { merx, root, serve } from "../../scenario/support/server.mjs";

export const SAMPLE = join(root, "sql", "seeds", "sample", "products.csv");

const shops = new Map();
const cleanups = [];

async function open(catalogue) {
  const data = await mkdtemp(join(tmpdir(), "merx-browser-"));
  cleanups.push(() => rm(data, { recursive: true, force: true }));
  const imported = await merx(["import", "products", catalogue, "--share", root, "--data", data]);
  if (imported.code !== 0) throw new Error(`the catalogue was not imported:\n${imported.stderr}${imported.stdout}`);
  const keeper = { after: (cleanup) => cleanups.push(cleanup) };
  return serve(keeper, { share: root, data, workers: 1 });
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
