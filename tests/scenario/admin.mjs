// The back office over HTTP: who comes in, who does not, and what happens to orders, money and stock.
import assert from "node:assert/strict";
import { amount, find_form, forms, Shopper, unescape, words } from "../support/shopper.mjs";
import { links_in, open_shop, owner_of, PASSWORD, Person, person_of, row_of } from "./support/office.mjs";
import { merx, root } from "./support/server.mjs";
import { test } from "./support/test.mjs";

const cookie_of = (reply, name) => (reply.headers["set-cookie"] ?? "").split(/,\s*(?=[\w-]+=)/).find((one) => one.startsWith(`${name}=`));

// --- coming in ----------------------------------------------------------------------------------

test("the first owner comes in by the link that the server printed, once", async (t) => {
  const shop = await open_shop(t);
  const visitor = new Person(shop.server.port);
  const door = await visitor.get("/admin");
  assert.equal(door.path, "/admin/sign-in?next=%2Fadmin");
  assert.match(words(door.text), /Nobody owns this shop yet/);
  const [link] = links_in(shop.server.log);
  const weak = await visitor.accept(link, { email: "ana@example.com", password: "password1234" });
  assert.equal(weak.status, 422);
  assert.match(words(weak.text), /among the first that anybody tries/);
  const page = await visitor.accept(link, { email: "ana@example.com" });
  assert.equal(page.path, "/admin");
  assert.match(words(page.text), /Overview/);
  assert.equal((await new Person(shop.server.port).get(link)).status, 410, "a link works once");
  const stranger = new Person(shop.server.port);
  assert.equal((await stranger.get("/admin/orders")).path, "/admin/sign-in?next=%2Fadmin%2Forders");
});

test("people are added, listed, shut out and given new links while the shop serves", async (t) => {
  const shop = await open_shop(t);
  const owner = await owner_of(shop);
  const added = await shop.staff("add", "ben@example.com");
  assert.equal(added.code, 0, added.stderr);
  assert.equal((await shop.staff("add", "ben@example.com")).code, 4, "nobody is added twice");
  assert.equal((await shop.staff("add", "no address")).code, 5);
  assert.equal((await shop.staff("reset", "nobody@example.com")).code, 3);
  assert.equal((await shop.staff("add")).code, 2);
  const ben = new Person(shop.server.port);
  assert.equal((await ben.accept(links_in(added.stdout)[0])).path, "/admin");
  assert.match((await shop.staff("list")).stdout, /ana@example\.com +owner.*\nben@example\.com +staff/);
  assert.equal((await ben.get("/admin/settings")).status, 403, "staff do not see the settings");

  assert.equal((await shop.staff("disable", "ana@example.com")).code, 4, "the only owner stays");
  assert.equal((await shop.staff("disable", "ben@example.com")).code, 0);
  assert.match((await ben.get("/admin")).path, /^\/admin\/sign-in/, "out at once");
  assert.match(words((await ben.sign_in("ben@example.com")).text), /address or the password is wrong/);
  assert.equal((await shop.staff("enable", "ben@example.com")).code, 0);
  const reset = await shop.staff("reset", "ben@example.com");
  assert.match(words((await ben.sign_in("ben@example.com")).text), /address or the password is wrong/, "the old password is gone");
  assert.equal((await ben.accept(links_in(reset.stdout)[0], { password: "nine slow barges turn" })).path, "/admin");
  const journal = words((await owner.visit("/admin/journal")).text);
  for (const what of ["Password reset", "Person shut out", "Person let in again", "Person invited", "Refused: no permission"]) assert.match(journal, new RegExp(what));
});

test("a wrong password, an unknown account and too many tries are told apart by nobody but the owner", async (t) => {
  const shop = await open_shop(t);
  const owner = await owner_of(shop);
  const said = [];
  for (const [email, password] of [["ana@example.com", "wrong"], ["nobody@example.com", "wrong"], ["nobody@example.com", PASSWORD]]) {
    const reply = await new Person(shop.server.port).sign_in(email, password);
    assert.equal(reply.status, 422);
    said.push(words(reply.text).replace(email, ""));
  }
  assert.deepEqual(new Set(said).size, 1, said.join("\n"));
  const guesser = new Person(shop.server.port);
  let last;
  for (let i = 0; i < 5; i++) last = await guesser.sign_in("ana@example.com", `guess ${i}`);
  assert.equal(last.status, 429);
  assert.match(words(last.text), /Too many tries\. Try again in 1 minute\./);
  assert.ok(Number(last.headers["retry-after"]) > 0 && Number(last.headers["retry-after"]) <= 60);
  assert.equal((await guesser.sign_in("ana@example.com")).status, 429, "the right one waits, too");
  assert.equal((await owner.get("/admin")).status, 200, "whoever is in stays in");
  assert.match(words((await owner.visit("/admin/journal")).text), /Wrong password – Ana Sousa/);
});

test("a session has a cookie that no script and no other site can use, and a new one for each sign-in", async (t) => {
  const shop = await open_shop(t, { args: ["--trusted-proxies", "loopback"] });
  await owner_of(shop);
  const safe = new Person(shop.server.port, { headers: { "X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7", "Sec-Fetch-Site": "same-origin" } });
  const page = await safe.get("/admin/sign-in");
  assert.match(cookie_of(page, "__Host-staff_form"), /; ?Secure/);
  const sent = safe.body_of(find_form(page, "/admin/sign-in"), { email: "ana@example.com", password: PASSWORD });
  const reply = await safe.request("POST", "/admin/sign-in", sent);
  const cookie = cookie_of(reply, "__Host-staff");
  assert.equal(reply.status, 303);
  for (const part of [/^__Host-staff=[\w-]{43};/, /; ?HttpOnly/i, /; ?Secure/i, /; ?SameSite=Lax/i, /; ?Path=\//i]) assert.match(cookie, part);
  assert.doesNotMatch(cookie, /Domain|Max-Age/i);
  const first = safe.cookies.get("__Host-staff");
  const again = new Person(shop.server.port, { headers: safe.headers });
  again.cookies.set("__Host-staff", "A".repeat(43)); // a session that somebody else chose is not taken over
  const form = find_form(await again.get("/admin/sign-in"), "/admin/sign-in");
  const second = await again.request("POST", "/admin/sign-in", again.body_of(form, { email: "ana@example.com", password: PASSWORD }));
  assert.equal(second.status, 303);
  assert.notEqual(again.cookies.get("__Host-staff"), "A".repeat(43));
  assert.notEqual(again.cookies.get("__Host-staff"), first);
});

test("whoever comes in may call a browser and themselves what they like", async (t) => {
  const shop = await open_shop(t);
  const owner = await owner_of(shop);
  const odd = new Person(shop.server.port, { headers: { "User-Agent": `Caf\u00e9 ${"x".repeat(2000)}` } });
  assert.equal((await odd.sign_in("ana@example.com")).path, "/admin");
  const account = find_form(await owner.visit("/admin/account"), "/admin/account");
  const name = "\u738b\u5c0f\u660e".repeat(50);
  const saved = await owner.submit(account, { name });
  assert.equal(saved.path, "/admin/account?done=person");
  assert.ok(saved.text.includes(name.slice(0, 100)));
  assert.ok(!saved.text.includes(name.slice(0, 101)), "cut where characters end");
  assert.equal((await owner.submit(find_form(saved, "/admin/account"), { name: "<script>alert(1)</script>", locale: "zh-CN" })).status, 200);
  const page = await owner.visit("/admin");
  assert.doesNotMatch(page.text, /<script>alert/);
  assert.match(page.text, /<html lang="zh-CN"/);
});

test("a forged form is refused: without its token, with that of another, or from another site", async (t) => {
  const shop = await open_shop(t);
  const owner = await owner_of(shop);
  const other = await person_of(shop, "ben@example.com", "owner");
  const settings = find_form(await owner.visit("/admin/settings"), "/admin/settings");
  const theirs = find_form(await other.visit("/admin/settings"), "/admin/settings").fields.find(([name]) => name === "csrf")[1];
  for (const csrf of ["", "0".repeat(32), theirs]) {
    const reply = await owner.submit(settings, { csrf, "shop.name": "Taken" });
    assert.equal(reply.status, 403);
    assert.match(words(reply.text), /load the page again/);
  }
  owner.headers = { "Sec-Fetch-Site": "cross-site" };
  assert.equal((await owner.submit(settings, { "shop.name": "Taken" })).status, 403);
  owner.headers = {};
  const saved = await owner.submit(settings, { "shop.name": "Harbour & Home" });
  assert.equal(saved.path, "/admin/settings?done=settings");
  assert.match(unescape((await new Shopper(shop.server.port).visit("/")).text), /Harbour & Home/, "the shop shows it at once");
  // Signing somebody in by a form of one's own is no use either.
  const victim = new Person(shop.server.port);
  const door = find_form(await victim.get("/admin/sign-in"), "/admin/sign-in");
  victim.cookies.clear();
  assert.equal((await victim.submit(door, { email: "ana@example.com", password: PASSWORD })).status, 403);
});

test("pages of the back office are kept by nobody and found by no search engine", async (t) => {
  const shop = await open_shop(t);
  const owner = await owner_of(shop);
  for (const path of ["/admin", "/admin/orders", "/admin/products", "/admin/journal", "/admin/settings", "/admin/account"]) {
    const page = await owner.visit(path);
    assert.equal(page.headers["cache-control"], "no-store", path);
    assert.match(page.headers["x-robots-tag"], /noindex/);
    assert.match(page.headers["content-security-policy"], /script-src 'self'/);
    assert.equal((await new Person(shop.server.port).request("GET", path)).status, 303, `${path}: a stranger gets none of it`);
  }
});

test("an owner invites people, changes their role and shuts them out", async (t) => {
  const shop = await open_shop(t);
  const owner = await owner_of(shop);
  const list = await owner.visit("/admin/people");
  assert.equal((await owner.submit(find_form(list, "/admin/people"), { email: "no address" })).status, 422);
  assert.equal((await owner.submit(find_form(list, "/admin/people"), { email: "ANA@example.com" })).status, 422, "nobody is there twice");
  const invited = await owner.submit(find_form(list, "/admin/people"), { email: "ben@example.com", role: "viewer" });
  const ben = new Person(shop.server.port);
  assert.equal((await ben.accept(links_in(invited.text)[0])).path, "/admin");
  assert.equal((await ben.get("/admin/people")).status, 403);
  const page = await owner.visit(/href="(\/admin\/people\/2)"/.exec((await owner.visit("/admin/people")).text)[1]);
  await owner.submit(find_form(page, /\/role$/), { role: "owner" });
  assert.equal((await ben.get("/admin/people")).status, 200, "at once");
  assert.equal(forms((await ben.visit("/admin/people/2")).text).some((form) => /\/(disable|reset|role)$/.test(form.action)), false, "not oneself");
  assert.match(words((await owner.submit(find_form(page, /\/disable$/))).text), /is shut out/);
  assert.match((await ben.get("/admin")).path, /sign-in/);
  const again = await owner.submit(find_form(await owner.visit("/admin/people/2"), /\/enable$/));
  const link = links_in((await owner.submit(find_form(again, /\/reset$/))).text)[0];
  assert.equal((await ben.accept(link, { password: "nine slow barges turn" })).path, "/admin");
});

// --- orders -------------------------------------------------------------------------------------

const HANDLES = /href="\/products\/([\w-]+)"/g;

// A product of the shop that can simply be bought, and its page in the back office.
async function something(shop, owner) {
  const listed = await new Shopper(shop.server.port).visit("/collections/all");
  for (const [, handle] of listed.text.matchAll(HANDLES)) {
    const buyer = new Shopper(shop.server.port);
    const page = await buyer.product(handle);
    const form = forms(page.text).find((one) => /\/cart\/add$/.test(one.action));
    if (!form?.fields.some(([name]) => name === "quantity") || /type="radio"/.test(form.html)) continue;
    const title = /<h1[^>]*>([\s\S]*?)<\/h1>/.exec(page.text)[1].trim();
    const found = await owner.visit(`/admin/products?q=${encodeURIComponent(unescape(title))}`);
    const row = row_of(found, unescape(title));
    if (!/^\d/.test(row.at(-1).replace(/^[^\d]*/, ""))) continue;
    return { handle, title: unescape(title), url: /href="(\/admin\/products\/\d+)"/.exec(found.text)[1] };
  }
  throw new Error("nothing in this shop can simply be bought");
}

// On hand, held, to sell.
async function stock_of(owner, product) {
  const page = await owner.visit(product.url);
  const cells = row_of(page, product.title);
  return cells.slice(2, 5).map((cell) => Number(/-?\d+/.exec(cell.replaceAll(",", ""))[0]));
}

async function order_by(shop, product, pieces) {
  const { token, total } = await new Shopper(shop.server.port).buy(product.handle, pieces);
  const page = await new Shopper(shop.server.port).visit(`/orders/${token}`);
  return { token, total, number: /\b(1\d{3})\b/.exec(words(page.text))[1] };
}

test("an order that is cancelled on its page gives its goods back", async (t) => {
  const shop = await open_shop(t);
  const owner = await owner_of(shop);
  const product = await something(shop, owner);
  const before = await stock_of(owner, product);
  const order = await order_by(shop, product, 2);
  assert.deepEqual(await stock_of(owner, product), [before[0] - 2, 0, before[2] - 2]);

  const page = await owner.visit(`/admin/orders/${order.number}`);
  assert.match(words(page.text), /Not paid.*To send/);
  const asked = await owner.visit(/href="([^"]+\/cancel)"/.exec(page.text)[1]);
  assert.match(words(asked.text), /2 pieces go back into stock\. No money was received/);
  const done = await owner.submit(find_form(asked, /\/cancel$/), { reason: "The customer called" });
  assert.equal(done.path, `/admin/orders/${order.number}?done=cancelled`);
  assert.match(words(done.text), /Cancelled: The customer called/);
  assert.deepEqual(await stock_of(owner, product), before, "as if nothing had been sold");
  assert.equal(forms(done.text).some((form) => /\/(cash|parcels|cancel)$/.test(form.action)), false, "nothing is left to do");
  assert.match(words((await owner.visit(`/admin/journal`)).text), new RegExp(`Order cancelled – Order ${order.number}`));
});

test("money that was received is recorded once, also when the button is pressed twice", async (t) => {
  const shop = await open_shop(t);
  const owner = await owner_of(shop);
  const order = await order_by(shop, await something(shop, owner), 1);
  const page = await owner.visit(`/admin/orders/${order.number}`);
  const form = find_form(page, /\/cash$/);
  assert.equal(amount(words(form.html)), order.total, "the button says how much");
  const first = await owner.submit(form);
  assert.match(words(first.text), /The money is recorded\..*Paid/);
  const second = await owner.submit(form);
  assert.equal(second.status, 409);
  assert.match(words(second.text), /changed since you opened it, so nothing was done/);
  assert.equal((words(second.text).match(/received/g) ?? []).length, 1, "once");
  assert.equal(forms(second.text).some((one) => /\/cash$/.test(one.action)), false);
});

test("money goes back for pieces, exactly as much as was shown, and never twice", async (t) => {
  const shop = await open_shop(t);
  const owner = await owner_of(shop);
  const product = await something(shop, owner);
  const order = await order_by(shop, product, 3);
  const url = `/admin/orders/${order.number}`;
  await owner.submit(find_form(await owner.visit(url), /\/cash$/));
  const before = await stock_of(owner, product);
  const paid = await owner.visit(url);
  const link = /href="([^"]+\/refund)"/.exec(paid.text)[1];
  const asked = find_form(await owner.visit(link), /\/refund$/);
  const line = asked.fields.find(([name]) => name.startsWith("line-"))[0];
  const look = (pieces) => owner.get(`${link}?${new URLSearchParams({ [line]: pieces, restock: "yes", look: "1" })}`);
  assert.equal((await look("4")).status, 422);
  assert.equal((await look("")).status, 422);
  const shown = await look("1");
  const form = forms(shown.text).find((one) => one.method === "POST" && /\/refund$/.test(one.action));
  const sum = amount(words(form.html));
  assert.match(words(shown.text), /by hand \(Cash on delivery\)/);
  assert.equal((await owner.submit(form, { expected: sum * 2 })).status, 409, "only what was shown");
  const done = await owner.submit(form, { reason: "One was chipped" });
  assert.match(words(done.text), /recorded as given back\./);
  assert.match(words(done.text), new RegExp(`${(sum / 100).toFixed(2)} given back`));
  assert.match(words(done.text), /Partly refunded/);
  assert.equal((await owner.submit(form)).status, 409, "not twice");
  assert.equal((await stock_of(owner, product))[0], before[0] + 1);
  const rest = await look("2");
  const last = forms(rest.text).find((one) => one.method === "POST" && /\/refund$/.test(one.action));
  const goods = sum + amount(words(last.html));
  await owner.submit(last);
  assert.equal((await look("1")).status, 422, "no more than was bought");
  assert.ok(goods < order.total, "the delivery is kept");
  assert.equal(goods % 3, 0);
});

test("what one person did is not undone blindly by another", async (t) => {
  const shop = await open_shop(t);
  const owner = await owner_of(shop);
  const ben = await person_of(shop, "ben@example.com");
  const product = await something(shop, owner);
  const order = await order_by(shop, product, 1);
  const asked = await owner.visit(`/admin/orders/${order.number}/cancel`);
  const page = await ben.visit(`/admin/orders/${order.number}`);
  const sent = await ben.submit(find_form(page, /\/parcels$/), { carrier: "DHL", tracking_number: "00340434", tracking_url: "https://example.com/t/00340434" });
  assert.match(words(sent.text), /The parcel is on its way\..*DHL/);
  const late = await owner.submit(find_form(asked, /\/cancel$/));
  assert.equal(late.status, 409);
  assert.match(words(late.text), /Below is how it stands now.*Sent/);
  assert.equal((await stock_of(owner, product))[1], 0);
  const arrived = await ben.submit(find_form(await ben.visit(`/admin/orders/${order.number}`), /\/delivered$/));
  assert.match(words(arrived.text), /Delivered/);
  const paid = await ben.submit(find_form(arrived, /\/cash$/));
  assert.match(words(paid.text), /Completed|Paid/);
});

test("an order on hold is not sent, and says so", async (t) => {
  const shop = await open_shop(t);
  const owner = await owner_of(shop);
  const order = await order_by(shop, await something(shop, owner), 1);
  const open = await owner.visit(`/admin/orders/${order.number}`);
  const held = await owner.submit(find_form(open, /\/holds$/), { reason: "risk" });
  assert.match(words(held.text), /This order waits \(Risk\)/);
  const early = await owner.submit(find_form(open, /\/parcels$/));
  assert.equal(early.status, 422);
  assert.match(words(early.text), /The order is on hold\. End the hold first/);
  assert.equal(forms(held.text).some((form) => /\/parcels$/.test(form.action)), false);
  const free = await owner.submit(find_form(held, /\/release$/));
  assert.ok(forms(free.text).some((form) => /\/parcels$/.test(form.action)));
  const noted = await owner.submit(find_form(free, /\/notes$/), { note: "Called <b>back</b>" });
  assert.match(noted.text, /Called &lt;b&gt;back&lt;\/b&gt;/);
});

test("a price is explained to its last cent", async (t) => {
  const shop = await open_shop(t);
  const owner = await owner_of(shop);
  const order = await order_by(shop, await something(shop, owner), 3);
  const page = await owner.visit(`/admin/orders/${order.number}`);
  const amounts = [...page.text.matchAll(/steps__amount">([^<]*)</g)].map(([, text]) => unescape(text));
  const total = amount(amounts.pop());
  const sum = amounts.filter((text) => /\d/.test(text)).reduce((so_far, text) => so_far + amount(text) * (/[-\u2212]/.test(text) ? -1 : 1), 0);
  assert.equal(total, order.total);
  assert.equal(sum, total);
  for (const what of [`order:${order.number}`, "cart:1"]) {
    const told = await merx(["explain", what, "--json", "--share", root, "--data", shop.data]);
    assert.equal(told.code, 0, `${what}: ${told.stderr}`);
    const { list, ledger } = JSON.parse(told.stdout);
    assert.ok(Number.isInteger(list) && Array.isArray(ledger), told.stdout);
  }
});

test("orders are found by number and by the beginning of an address", async (t) => {
  const shop = await open_shop(t);
  const owner = await owner_of(shop);
  const product = await something(shop, owner);
  const order = await order_by(shop, product, 1);
  await order_by(shop, product, 1);
  assert.equal((await owner.get(`/admin/orders?q=%23${order.number}`)).path, `/admin/orders/${order.number}`);
  const found = words((await owner.visit("/admin/orders?q=INES@ex")).text);
  assert.match(found, /1002.*1001/s);
  assert.match(words((await owner.visit("/admin/orders?q=zzz")).text), /No order has the number “zzz”/);
  assert.match(words((await owner.visit("/admin/orders?state=to_ship")).text), /1002.*1001/s);
  assert.doesNotMatch(words((await owner.visit("/admin/orders?state=cancelled")).text), /1001/);
  assert.match(words((await owner.visit("/admin/orders?before=2")).text), /1001/);
  assert.equal((await owner.get("/admin/orders/9999")).status, 404);
  assert.equal((await owner.get(`/admin/search?q=${order.number}`)).path, `/admin/orders/${order.number}`);
  assert.equal((await owner.get("/admin/search?q=jour")).path, "/admin/journal");
  assert.match(words((await owner.visit("/admin/search?q=ines@example")).text), /1002.*1001/s);
  assert.match(words((await owner.visit(`/admin/search?q=${encodeURIComponent(product.title)}`)).text), new RegExp(product.title));
  assert.match(words((await owner.visit("/admin/search?q=zzz")).text), /Nothing has this number/);
  const viewer = await person_of(shop, "kim@example.com", "viewer");
  assert.match(words((await viewer.visit("/admin/search?q=jour")).text), /Nothing has this number/, "what one may not see is not found");
});

// --- stock and settings -------------------------------------------------------------------------

test("stock is received, lost and counted with a reason, and never below what is there", async (t) => {
  const shop = await open_shop(t);
  const owner = await owner_of(shop);
  const product = await something(shop, owner);
  const [on_hand] = await stock_of(owner, product);
  const url = /href="([^"]+\/stock\/\d+)"/.exec((await owner.visit(product.url)).text)[1];
  const change = async (fields) => owner.submit(find_form(await owner.visit(url), url), fields);
  assert.match((await change({ reason: "received", quantity: "１２", note: "Delivery 7" })).path, /done=stock$/);
  assert.equal((await stock_of(owner, product))[0], on_hand + 12);
  const short = await change({ reason: "lost", quantity: String(on_hand + 13) });
  assert.equal(short.status, 422);
  assert.match(words(short.text), /Only [\d,]+ pieces can be taken away/);
  assert.equal((await change({ reason: "damaged", quantity: "2" })).status, 200);
  assert.equal((await change({ reason: "counted", quantity: "5" })).status, 200);
  assert.equal((await stock_of(owner, product))[0], 5);
  for (const quantity of ["", "-1", "1.5", "many", "0"]) assert.equal((await change({ reason: "received", quantity })).status, 422, quantity);
  assert.match(words((await owner.visit(url)).text), /Counted.*Damaged.*Received.*Ana Sousa.*Delivery 7/s);
});

test("settings are changed all together or not at all", async (t) => {
  const shop = await open_shop(t);
  const owner = await owner_of(shop);
  const parcel = "plugin.merx.flat-rate/parcel.amount";
  const page = await owner.visit("/admin/settings");
  const form = find_form(page, "/admin/settings");
  const wrong = await owner.submit(form, { "shop.name": "New name", "shop.email": "no address", [parcel]: "x" });
  assert.equal(wrong.status, 422);
  assert.match(words(wrong.text), /Enter an e-mail address.*Enter a number such as 4\.90/s);
  assert.match(wrong.text, /value="New name"/, "what was typed is kept");
  assert.doesNotMatch(words((await new Shopper(shop.server.port).visit("/")).text), /New name/);
  assert.equal((await owner.submit(form, { "shop.name": "New name", [parcel]: "5,90" })).status, 200);
  const late = await owner.submit(form, { "shop.name": "Too late" });
  assert.equal(late.status, 409);
  assert.match(late.text, /value="New name"/, "how it stands now");
  const now = find_form(await owner.visit("/admin/settings"), "/admin/settings");
  assert.equal(Object.fromEntries(now.fields)[parcel], "5.90");
});
