// What visitors did is kept beside the shop: pages from the cache count, an orderly end loses nothing, and whatever
// happens to activity.db, the shop sells.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Shopper } from "../support/shopper.mjs";
import { merx, root } from "../scenario/support/server.mjs";
import { eventually, test } from "../scenario/support/test.mjs";
import { check_no_strays, new_shop, say, start } from "./support/shop.mjs";

async function counts(data, args = []) {
  const result = await merx(["activity", "--json", ...args, "--data", data, "--share", root]);
  if (result.code !== 0) throw new Error(`merx activity: ${result.code} ${result.stderr}`);
  return JSON.parse(result.stdout);
}

async function sums(data) {
  const found = {};
  for (const row of await counts(data)) found[row.name] = (found[row.name] ?? 0) + row.times;
  return found;
}

async function metric(server, name) {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (.*)$`, "m").exec(text)[1]);
}

test("every page counts, from the cache too, and an orderly end loses none", async (t) => {
  const data = await new_shop(t);
  const server = await start(t, data);
  const hits = await metric(server, "merx_pages_from_cache_total");
  const answer = await fetch(`${server.url}/products/mug`);
  const etag = answer.headers.get("etag");
  await answer.text();
  for (let i = 0; i < 99; i++) await (await fetch(`${server.url}/products/mug`)).text();
  for (let i = 0; i < 10; i++) await fetch(`${server.url}/products/mug`, { headers: { "if-none-match": etag } }); // 304: seen again
  for (let i = 0; i < 5; i++) await fetch(`${server.url}/products/mug`, { method: "HEAD" }); // nobody sees that
  for (let i = 0; i < 20; i++) await (await fetch(`${server.url}/collections/all`)).text();
  await (await fetch(`${server.url}/search?q=lamp`)).text();
  await (await fetch(`${server.url}/assets/nothing.css`)).text();
  const shopper = new Shopper(server.port);
  await shopper.buy("bowl", 2);
  shopper.close();
  const cached = (await metric(server, "merx_pages_from_cache_total")) - hits;
  if (cached < 120) throw new Error(`only ${cached} pages came from the cache`);
  if ((await metric(server, "merx_activity_dropped_total")) !== 0) throw new Error("something was dropped");
  await server.stop();
  const found = await sums(data);
  const wanted = { view_item: 111, view_item_list: 20, search: 1, add_to_cart: 1, purchase: 1 };
  for (const [name, times] of Object.entries(wanted)) {
    if (found[name] !== times) throw new Error(`${name} was counted ${found[name]} times, not ${times}: ${JSON.stringify(found)}`);
  }
  if (!(found.page_view >= 132)) throw new Error(`page_view: ${found.page_view}`);
  const top = await counts(data, ["--top=view_item"]);
  if (top[0].times !== 110) throw new Error(`the mug was seen ${top[0].times} times`);
  await check_no_strays(data);
  say(`${JSON.stringify(found)}; ${cached} pages from the cache`);
});

test("what a visitor who agreed looks at is written down while the server runs", async (t) => {
  const data = await new_shop(t);
  const server = await start(t, data);
  const agreed = await fetch(`${server.url}/consent`, {
    method: "POST", redirect: "manual", headers: { "content-type": "application/x-www-form-urlencoded", origin: server.url }, body: "choice=analytics",
  });
  const cookie = agreed.headers.get("set-cookie")?.split(";")[0];
  if (agreed.status !== 303 || !/^visitor=a\.[\w-]{22}$/.test(cookie ?? "")) throw new Error(`consent was answered ${agreed.status}, ${cookie}`);
  for (let i = 0; i < 30; i++) await (await fetch(`${server.url}/products/bowl`, { headers: { cookie } })).text();
  await (await fetch(`${server.url}/products/bowl`)).text();
  await eventually("it is written", async () => (await sums(data).catch(() => ({}))).view_item === 31, { within: 15_000, every: 500 });
  await server.stop();
  const backup = join(await t.folder(), "shop.merx");
  for (const args of [["backup", backup, "--data", data], ["restore", backup, "--data", join(data, "../again")]]) {
    const result = await merx([...args, "--share", root]);
    if (result.code !== 0) throw new Error(`merx ${args[0]}: ${result.stderr}`);
  }
  if ((await sums(join(data, "../again"))).view_item !== 31) throw new Error("a restored shop has forgotten its visitors");
});

test("a shop whose activity.db is broken sells all the same, and says so", async (t) => {
  const data = await new_shop(t);
  await writeFile(join(data, "activity.db"), "not a database ".repeat(400));
  const server = await start(t, data);
  const shopper = new Shopper(server.port);
  await shopper.buy("mug", 1);
  const said = await eventually("it is said", () => server.lines().find((line) => /activity\.db cannot be used/.test(line.msg)), { within: 15_000 });
  await shopper.buy("mug", 1);
  shopper.close();
  await server.stop();
  say(`"${said.msg}", ${said.advice}`);
});
