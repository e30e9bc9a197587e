// Why a cart costs what it does, asked on the command line: who was asked, who was not, and which plugin is to blame.
import assert from "node:assert/strict";
import { join } from "node:path";
import { new_shop, start } from "../fault/support/shop.mjs";
import { CHEAPER, HARMLESS, ID, lay, plugin } from "../support/packages.mjs";
import { Shopper } from "../support/shopper.mjs";
import { merx, root } from "./support/server.mjs";
import { test } from "./support/test.mjs";

const BROKEN = 'return { price = function(input) local none = input.lines[9] return { { line = none.id } } end }\n';

const total_of = async (data) => JSON.parse((await merx(["explain", "cart:1", "--json", "--data", data, "--share", root])).stdout).total;

// A shop with a cart of one mug, and a plugin of that code.
async function shop_with(t, source) {
  const data = await new_shop(t);
  const server = await start(t, data);
  const shopper = new Shopper(server.port);
  await shopper.add("mug");
  const before = await total_of(data);
  const folder = join(await t.folder(), "less");
  await lay(folder, "1.0.0", source);
  await plugin(["pack", "-o", `${folder}.tar`, folder]);
  await plugin(["install", "--unsigned", `${folder}.tar`], { data });
  return { data, server, before };
}

test("why: each handler with what it answered, what that did and what it took", async (t) => {
  const { data, before } = await shop_with(t, CHEAPER);
  const { total, handlers } = JSON.parse((await plugin(["why", "cart:1", "--json"], { data })).stdout);
  assert.equal(total, before - 100);
  const row = (name) => handlers.find((found) => found.handler === name);
  const less = row(`${ID}/less`);
  assert.deepEqual([less.delta, less.state], [-100, "1 operation"]);
  assert.ok(less.instructions > 0);
  assert.equal(less.saw.lines[0].unit - less.answered[0].amount, 100);
  assert.match(row("merx.tiers/qty").state, /^not asked: its setting \w+ is empty$/);
  assert.equal(await total_of(data), before - 100);

  const told = (await plugin(["why", "cart:1", ID], { data })).stdout;
  assert.match(told, new RegExp(`^${ID}/less +price_rule +-100 +1 operation, \\d+ instructions$`, "m"));
  assert.match(told, /^ {2}answered /m);
});

test("why: a handler that fails is shown with its line, and a wrong name with what to do", async (t) => {
  const { data } = await shop_with(t, BROKEN);
  const told = (await plugin(["why", "cart:1", ID], { data })).stdout;
  assert.match(told, /failed: .*acme\.less.*rules\.lua:1: attempt to index a nil value \(local 'none'\)/);
  const unknown = await plugin(["why", "cart:1", "acme.none"], { data, ok: [3, 5] });
  assert.match(unknown.stderr, /there is no plugin, handler or promotion acme\.none .*merx plugin why without a name lists them/);
  const quiet = await plugin(["why", "cart:1", "merx.badges"], { data, ok: [3, 5] });
  assert.match(quiet.stderr, /has no say in what a cart costs/);
  const nobody = await plugin(["why", "cart:77"], { data, ok: [3, 5] });
  assert.match(nobody.stderr, /cart:?\s*77|no such cart|there is no cart/);
});

test("why: a float for money is told with the field, the value and the line", async (t) => {
  const { data } = await shop_with(t, CHEAPER.replace("line.unit - 100", "line.unit - 0.5"));
  const told = (await plugin(["why", "cart:1", ID], { data })).stdout;
  assert.match(told, /failed: acme\.less\/src\/rules\.lua:\d+: operation 1 \(set_unit\): amount must be an integer, it is the float [\d.]+; `money` rounds/);
});

test("bisect: names the plugin without which the total is as expected", async (t) => {
  const { data, before } = await shop_with(t, CHEAPER);
  const found = await plugin(["bisect", "cart:1", `--expect=${before}`], { data });
  assert.match(found.stdout, new RegExp(`^total ${before - 100}, expected ${before}: 100 too little$`, "m"));
  assert.match(found.stdout, new RegExp(`^${ID} makes the difference; merx plugin why cart:1 ${ID} tells how$`, "m"));
  const fine = await plugin(["bisect", "cart:1", `--expect=${before - 100}`], { data });
  assert.match(fine.stdout, /as expected/);
  const other = await plugin(["bisect", "cart:1", `--expect=${before + 1}`], { data, ok: [1] });
  assert.match(other.stdout, /no plugin, and no two of them, explain it/);
  assert.match((await plugin(["bisect", "cart:1"], { data, ok: [2] })).stderr, /--expect=8470/);
});

test("bisect: a plugin that does nothing is never to blame", async (t) => {
  const { data, before } = await shop_with(t, HARMLESS);
  const told = await plugin(["bisect", "cart:1", `--expect=${before - 5}`], { data, ok: [1] });
  assert.doesNotMatch(told.stdout, new RegExp(`${ID} makes`));
});
