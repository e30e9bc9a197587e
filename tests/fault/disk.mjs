// A disk that is full, a folder that may not be written, a database of tomorrow, two servers: what a shop does when its
// data folder is not what it needs.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createServer } from "node:net";
import { chmod, cp, mkdir, open, readFile, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GUEST, Refused, Shopper, find_form, words } from "../support/shopper.mjs";
import { bin, merx, root } from "../scenario/support/server.mjs";
import { eventually, sleep, test } from "../scenario/support/test.mjs";
import { Load } from "./support/load.mjs";
import { SEED, check, command, fsck, new_shop, promise_of, query, random, say, start } from "./support/shop.mjs";


// A small disk of our own. Where this user may not have one, the test is skipped and counted as such.
async function small_disk(t, megabytes) {
  const folder = join(await t.folder(), "disk");
  await mkdir(folder);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder], { stdio: "pipe" });
  } catch (error) {
    t.skip(`this needs a small disk, and mount says: ${String(error.stderr ?? error).trim().split("\n")[0]} (run it as root)`);
  }
  t.after(() => execFileSync("umount", [folder]));
  return folder;
}

async function fill(folder) {
  const file = await open(join(folder, "filler"), "w");
  const block = Buffer.alloc(64 * 1024, 1);
  try {
    for (;;) await file.write(block);
  } catch (error) {
    if (error.code !== "ENOSPC") throw error;
  } finally {
    await file.close();
  }
}

async function free_bytes(folder) {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

// Buys until the shop says that it cannot.
async function buy_until_refused(port, orders) {
  for (let i = 0; i < 2000; i++) {
    const shopper = new Shopper(port);
    try {
      orders.push(await shopper.buy("mug", 1));
    } catch (error) {
      if (!error.reply) throw error;
      return error.reply;
    } finally {
      shopper.close();
    }
  }
  throw new Error("the shop sold 2000 mugs on a full disk");
}

async function demand_reads(port, orders) {
  const shopper = new Shopper(port);
  for (const path of ["/", "/collections/kitchen", "/products/bowl", "/search?q=lamp", `/orders/${orders[0].token}`]) await shopper.visit(path);
  shopper.close();
}

// Shoppers before each form of a purchase, with what they would send next.
async function shoppers_at_each_step(port) {
  const at = { cart: new Shopper(port), address: new Shopper(port), delivery: new Shopper(port), payment: new Shopper(port) };
  const forms = { cart: find_form(await at.cart.product("mug"), /\/cart\/add$/) };
  for (const step of ["address", "delivery", "payment"]) {
    await at[step].add("candle", 1);
    if (step !== "address") await at[step].checkout();
    forms[step] = find_form(await at[step].visit(`/checkout/${step}`), new RegExp(`/checkout/${step}$`));
  }
  const filled = Object.entries({ email: GUEST.email, ...GUEST.fields }).filter(([name]) => forms.address.fields.some(([own]) => own === name));
  return Object.entries(at).map(([step, shopper]) => ({
    step, shopper, send: () => shopper.submit(forms[step], step === "address" ? Object.fromEntries(filled) : {}),
  }));
}

// Everybody who is refused is told to come back, in words and in a header.
function demand_clear_refusals(replies) {
  const faults = new Set();
  for (const reply of replies) {
    const retry = reply.headers["retry-after"];
    const is_clear = reply.status === 503 && /^\d+$/.test(retry ?? "") && words(reply.text).length >= 20;
    if (!is_clear) faults.add(`${reply.path}: ${reply.status}, Retry-After: ${retry}: ${words(reply.text).slice(0, 160)}`);
  }
  if (faults.size > 0) throw new Error(`not a clear 503:\n${[...faults].join("\n")}`);
}

test("a full disk: no half orders, pages go on, 503 with Retry-After, and back when there is room", async (t) => {
  const disk = await small_disk(t, 48);
  const data = join(disk, "data");
  await cp(await new_shop(t), data, { recursive: true });
  const server = await start(t, data);
  const orders = [];
  for (let i = 0; i < 3; i++) orders.push(await new Shopper(server.port).buy("bowl", 2).then((order) => ({ ...order, pieces: 2 })));
  const load = new Load(server.port, { shoppers: 3, draw: random(SEED) }).start();
  await load.wait_for(5);
  const waiting = await shoppers_at_each_step(server.port);
  await fill(disk);
  await eventually("somebody is refused", () => load.refused.length > 0, { within: 60_000 });
  await load.stop();
  orders.push(...load.orders);
  const refused = await buy_until_refused(server.port, orders);
  const steps = [];
  for (const { send } of waiting) steps.push(await send());
  demand_clear_refusals([refused, ...steps, ...load.refused.map((error) => error.reply)]);
  await demand_reads(server.port, orders);
  const left = await free_bytes(disk);
  await rm(join(disk, "filler"));
  const began = Date.now();
  const first = await eventually("a shopper can buy again", async () => {
    const shopper = new Shopper(server.port);
    try {
      return { ...(await shopper.buy("candle", 1)), pieces: 1 };
    } catch (error) {
      if (error instanceof Refused) return undefined;
      throw error;
    } finally {
      shopper.close();
    }
  }, { within: 5_000, every: 100 });
  orders.push(first);
  for (const { step, shopper, send } of waiting) {
    const reply = await send(); // the same again is taken
    if (reply.status !== 200) throw new Error(`the ${step} step was answered ${reply.status} when there was room: ${words(reply.text).slice(0, 300)}`);
    shopper.close();
  }
  const promises = orders.map((order) => promise_of({ pieces: 1, ...order }));
  const told = await check(join(data, "shop.db"), promises, await t.folder());
  await server.stop();
  await fsck(data);
  say(`${left} bytes were left; ${load.refused.length + 1 + steps.length} shoppers heard 503 (Retry-After: ${refused.headers["retry-after"]} s); selling again ${Date.now() - began} ms after there was room; ${told}`);
}, { timeout: 180_000 });

test("a shop on a full disk is killed, and starts again when there is room", async (t) => {
  const disk = await small_disk(t, 32);
  const data = join(disk, "data");
  await cp(await new_shop(t), data, { recursive: true });
  const server = await start(t, data, { args: ["--supervise", "false"], expectEnd: false });
  const orders = [];
  orders.push(await new Shopper(server.port).buy("mug", 1));
  await fill(disk);
  await buy_until_refused(server.port, orders);
  server.child.kill("SIGKILL");
  await server.ended;
  await rm(join(disk, "filler"));
  const again = await start(t, data);
  orders.push(await new Shopper(again.port).buy("mug", 1));
  await again.stop();
  const promises = orders.map((order) => promise_of({ ...order, pieces: 1 }));
  say(await check(join(data, "shop.db"), promises, await t.folder()));
}, { timeout: 120_000 });

// --- folders that are not right -------------------------------------------------------------------

async function refuse_to_serve(data, pattern, { code } = {}) {
  const began = Date.now();
  const result = await merx(["serve", "--data", data, "--share", root, "--listen", "127.0.0.1:0", "--log-format", "json"]);
  if (result.code === 0) throw new Error("the server started");
  if (code !== undefined && result.code !== code) throw new Error(`exit code ${result.code}, not ${code}: ${result.stderr}`);
  if (!pattern.test(result.stderr)) throw new Error(`the refusal does not say ${pattern}: ${result.stderr}`);
  return { text: /"msg":"((?:[^"\\]|\\.)*)"/.exec(result.stderr)?.[1] ?? result.stderr.trim(), ms: Date.now() - began };
}

const digest = async (path) => createHash("sha256").update(await readFile(path)).digest("hex");

test("a data folder that may only be read is refused with a reason", async (t) => {
  const disk = await small_disk(t, 32);
  const data = join(disk, "data");
  await cp(await new_shop(t), data, { recursive: true });
  execFileSync("mount", ["-o", "remount,ro", disk]);
  const before = await digest(join(data, "shop.db"));
  const { text } = await refuse_to_serve(data, /read-only|Read-only|permission/i);
  if ((await digest(join(data, "shop.db"))) !== before) throw new Error("the database was changed");
  execFileSync("mount", ["-o", "remount,rw", disk]);
  await (await start(t, data)).stop();
  say(`"${text}"`);
});

// Root may write everywhere: then it is tried as nobody.
function serve_as_nobody(data) {
  const as = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {};
  const child = spawnSync(bin, ["serve", "--data", data, "--share", root, "--listen", "127.0.0.1:0"], { ...as, encoding: "utf8", timeout: 10_000 });
  if (child.error) throw child.error;
  return child;
}

test("a folder of another user is refused with a reason", async (t) => {
  const data = await new_shop(t);
  await chmod(join(data, ".."), 0o755);
  await chmod(data, 0o555);
  t.after(() => chmod(data, 0o700));
  const { status, stderr } = serve_as_nobody(data);
  if (status === 0 || status === null || !/permission/i.test(stderr)) throw new Error(`ended with ${status}: ${stderr}`);
  say(`"${stderr.trim().split("\n").at(-1)}"`);
});

async function write_at(path, offset, bytes) {
  const file = await open(path, "r+");
  await file.write(bytes, 0, bytes.length, offset);
  await file.close();
}

test("a database of a newer version is refused and left alone", async (t) => {
  const data = await new_shop(t);
  const path = join(data, "shop.db");
  const version = Buffer.alloc(4);
  const USER_VERSION = 60; // in the head of an SQLite file
  const old = Number((await query(data, "PRAGMA user_version"))[0]);
  version.writeUInt32BE(9000);
  await write_at(path, USER_VERSION, version);
  const before = await digest(path);
  const { text } = await refuse_to_serve(data, /newer/);
  for (const args of [["fsck"], ["migrate"], ["settings", "list"]]) {
    const result = await merx([...args, "--data", data, "--share", root]);
    if (result.code === 0) throw new Error(`merx ${args.join(" ")} worked on a database of a newer version`);
  }
  if ((await digest(path)) !== before) throw new Error("the database was changed");
  version.writeUInt32BE(old);
  await write_at(path, USER_VERSION, version);
  await (await start(t, data)).stop();
  say(`"${text}"`);
});

test("a file that is no database of Merx is refused and left alone", async (t) => {
  const told = [];
  const plain = await new_shop(t);
  await writeFile(join(plain, "shop.db"), "This is a letter, not a shop.\n".repeat(200));
  const cut = await new_shop(t);
  const whole = await readFile(join(cut, "shop.db"));
  await writeFile(join(cut, "shop.db"), whole.subarray(0, 100_001));
  for (const data of [plain, cut]) {
    const path = join(data, "shop.db");
    const before = await digest(path);
    told.push((await refuse_to_serve(data, /is damaged.*merx restore FILE/)).text);
    if ((await digest(path)) !== before) throw new Error("the file was changed");
  }
  say(told.map((text) => `"${text}"`).join(" "));
});

test("a database that is damaged anywhere at its start is told of in words, first of all", async (t) => {
  const draw = random(SEED + 5);
  const told = new Set();
  const whole = await readFile(join(await new_shop(t), "shop.db"));
  for (const length of [1, 99, 511, 4096, 8191, 65_536, whole.length - 4096, whole.length - 1]) {
    const data = await new_shop(t);
    const path = join(data, "shop.db");
    await writeFile(path, whole.subarray(0, length));
    const result = await merx(["serve", "--data", data, "--share", root, "--listen", "127.0.0.1:0", "--log-format", "json"]);
    const first = JSON.parse(result.stderr.split("\n")[0]);
    if (result.code === 0 || first.level !== "error" || !/is damaged.*merx restore FILE/.test(first.msg)) {
      throw new Error(`cut at ${length}: ended with ${result.code}; the first line is ${JSON.stringify(first)}`);
    }
    told.add(first.msg.replace(path, "shop.db"));
  }
  for (let i = 0; i < 12; i++) { // pages overwritten: served, or refused in words, never a crash
    const data = await new_shop(t);
    const at = i === 0 ? 0 : Math.floor(draw() * (whole.length / 4096)) * 4096;
    await write_at(join(data, "shop.db"), at, Buffer.from(Array.from({ length: 4096 }, () => Math.floor(draw() * 256))));
    const result = await merx(["fsck", "--data", data, "--share", root]);
    if (![0, 1, 5, 71].includes(result.code)) throw new Error(`fsck of a page overwritten at ${at} ended with ${result.code}: ${result.stderr}`);
    if (result.code === 0) throw new Error(`fsck did not see that the page at ${at} was overwritten`);
    if (result.code > 1 && !/is damaged/.test(result.stderr)) throw new Error(`fsck of a page overwritten at ${at}: ${result.stderr}`);
  }
  say([...told].map((text) => `"${text}"`).join(" "));
}, { timeout: 120_000 });

test("where a shop was lost, no new one is begun", async (t) => {
  const data = await new_shop(t);
  await writeFile(join(data, "shop.db"), "");
  await writeFile(join(data, "shop.db-wal"), Buffer.alloc(4152, 1));
  const { text } = await refuse_to_serve(data, /a shop was lost/, { code: 5 });
  if ((await readFile(join(data, "shop.db-wal"))).length !== 4152) throw new Error("the log was removed");
  say(`"${text}"`);
});

test("one folder, one server; other commands go through its socket", async (t) => {
  const data = await new_shop(t);
  const server = await start(t, data);
  const shopper = new Shopper(server.port);
  const { text } = await refuse_to_serve(data, /using this data folder|locked/, { code: 4 });
  const variant_id = Number((await query(data, "SELECT id FROM variants WHERE sku = 'MUG'"))[0]);
  await command(server, "stock.set", { variant_id, quantity: 3 });
  for (const args of [["import", "products", join(root, "tests/fault/support/products.csv")], ["fsck"], ["settings", "list"], ["routes"]]) {
    const result = await merx([...args, "--data", data, "--share", root]);
    if (result.code !== 0) throw new Error(`merx ${args.join(" ")} beside a server: ${result.code} ${result.stdout}${result.stderr}`);
  }
  await shopper.buy("mug", 1);
  shopper.close();
  say(`"${text}"`);
});

test("a port that is taken leaves the shop as it was", async (t) => {
  const data = await new_shop(t);
  const taken = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => taken.on("listening", resolve));
  t.after(() => taken.close());
  const result = await merx(["serve", "--data", data, "--share", root, "--listen", `127.0.0.1:${taken.address().port}`]);
  if (result.code === 0) throw new Error("the server started on a taken port");
  await sleep(50);
  await (await start(t, data)).stop();
});
