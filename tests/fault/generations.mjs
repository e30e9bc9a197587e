// Plugins come and go while a shop sells, and whoever installs them is killed at every step. There is the old generation
// or the new one, whole, and the next attempt goes through; no order is lost on the way there or back.
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually, sleep, test } from "../scenario/support/test.mjs";
import { BROKEN, HARMLESS, ID, installed, make_packages, plugin } from "../support/packages.mjs";
import { Shopper } from "../support/shopper.mjs";
import { Load } from "./support/load.mjs";
import { IS_SANITIZED, SEED, amount, check, fsck, new_shop, promise_of, random, say, start, tools } from "./support/shop.mjs";

const NEVER = 1_000_000;
const EVERY = amount(1, 6, 24); // of the steps, so many are left out
const ORDERS = amount(1000, 60, 6);

async function count_steps(t, data, args) {
  const copy = join(await t.folder(), "data");
  const count = join(await t.folder(), "count");
  await cp(data, copy, { recursive: true });
  await plugin(args, { data: copy, env: { ...stopping(copy, NEVER), STOPPING_COUNT: count } });
  return Number(await readFile(count, "utf8"));
}

const stopping = (folder, at) => ({ LD_PRELOAD: join(tools, "stopping.so"), STOPPING_FOLDER: folder, STOPPING_AT: String(at) });

// Kills one command before each of its steps and looks what is there; then the same command must go through.
async function kill_everywhere(t, data, args, before, after) {
  const steps = await count_steps(t, data, args);
  if (steps < 10) throw new Error(`only ${steps} steps were seen`);
  const found = { [before]: 0, [after]: 0 };
  for (let at = 1; at <= steps; at += EVERY) {
    const copy = join(await t.folder(), "data");
    await cp(data, copy, { recursive: true });
    const killed = await plugin(args, { data: copy, env: stopping(copy, at), ok: [0, "SIGKILL"] });
    const now = await installed(copy);
    if (now !== before && now !== after) throw new Error(`killed before step ${at} of ${steps}: ${now} is installed`);
    found[now]++;
    if (now === before) {
      if (!killed.signal) throw new Error(`step ${at}: it ended and changed nothing`);
      await plugin(args, { data: copy });
      if ((await installed(copy)) !== after) throw new Error(`step ${at}: the second attempt did not go through`);
    }
    if (at % (8 * EVERY) === 1) await fsck(copy);
  }
  say(`${args[0]}: ${steps} steps, killed before every ${EVERY}.; ${found[before]} times the old one, ${found[after]} times the new one`);
}

const LONG = { timeout: IS_SANITIZED ? 900_000 : 600_000 };

test("installing, upgrading and going back are killed at every step", async (t) => {
  const packages = await make_packages(t, { "1.0.0": HARMLESS, "1.1.0": HARMLESS });
  const data = await new_shop(t);
  await plugin(["trust", "acme", packages.key], { data });
  await kill_everywhere(t, data, ["install", packages["1.0.0"]], "none", "1.0.0");
  await plugin(["install", packages["1.0.0"]], { data });
  await kill_everywhere(t, data, ["upgrade", packages["1.1.0"]], "1.0.0", "1.1.0");
  await plugin(["upgrade", packages["1.1.0"]], { data });
  await kill_everywhere(t, data, ["rollback"], "1.1.0", "1.0.0");
}, LONG);

test("plugins come and go while the shop sells, and no order is lost", async (t) => {
  const packages = await make_packages(t, { "1.0.0": HARMLESS, "1.1.0": HARMLESS });
  const data = await new_shop(t);
  const scratch = await t.folder();
  const server = await start(t, data);
  await plugin(["trust", "acme", packages.key], { data });
  const load = new Load(server.port, { shoppers: 4, draw: random(SEED) }).start();
  await load.wait_for(2);
  await plugin(["install", packages["1.0.0"]], { data });
  await plugin(["upgrade", packages["1.1.0"]], { data });
  await plugin(["disable", ID], { data });
  await plugin(["enable", ID], { data });
  const had = load.orders.length;
  await load.wait_for(had + ORDERS);
  for (let i = 0; i < 3; i++) await plugin(["rollback"], { data });
  await sleep(200);
  await load.stop();
  if (load.refused.length > 0) throw load.refused[0];
  if (load.lost > 0) throw new Error(`${load.lost} requests were lost`);
  if ((await installed(data)) !== "1.0.0") throw new Error("going back led elsewhere");
  const told = server.lines().filter((line) => line.level === "error");
  if (told.length > 0) throw new Error(`the log complains: ${told[0].msg} ${told[0].error ?? ""}`);
  await server.stop();
  say(await check(join(data, "shop.db"), load.orders.map(promise_of), scratch));
  say(`${load.orders.length} orders, ${load.orders.length - had} of them with the plugin that was taken back`);
  await fsck(data);
}, LONG);

test("a generation that fails is taken back while shoppers buy", async (t) => {
  const packages = await make_packages(t, { "1.0.0": HARMLESS, "1.1.0": BROKEN });
  const data = await new_shop(t);
  const server = await start(t, data);
  await plugin(["trust", "acme", packages.key], { data });
  await plugin(["install", packages["1.0.0"]], { data });
  await plugin(["upgrade", packages["1.1.0"]], { data });
  const shopper = new Shopper(server.port);
  await shopper.add("mug");
  for (let i = 0; i < 12; i++) await shopper.visit("/cart"); // each is worked out anew, and nobody sees an error page
  const version = await eventually("it comes back", async () => {
    const now = await installed(data);
    return now === "1.0.0" && now;
  }, { every: 200 });
  await shopper.buy("bowl", 1);
  shopper.close();
  const told = server.lines().find((line) => line.msg?.includes("the one before is in force again"));
  if (!told || told.plugin !== ID) throw new Error("the log says nothing of it");
  say(`${ID} ${version} came back by itself: ${told.errors} failures`);
}, LONG);
