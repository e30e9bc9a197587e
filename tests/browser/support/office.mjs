// The owner of the shop in a browser, and every page of the back office.
import { Shopper } from "../../support/shopper.mjs";
import { links_in, Person } from "../../scenario/support/office.mjs";
import { visitor } from "./browser.mjs";
import { shop } from "./shop.mjs";

let session; // a promise: who owns the shop has come in once

// Comes in by the link that the server printed, after three orders were placed.
async function come_in() {
  const server = await shop();
  for (const handle of ["harbour-mug", "kitchen-knife-18-cm", "harbour-mug"]) await new Shopper(server.port).buy(handle, 1);
  const person = new Person(server.port, { host: `127.0.0.1:${server.port}` });
  await person.accept(links_in(server.log)[0], { email: "ana@example.com" });
  return { url: server.url, value: person.cookies.get("staff") };
}

// A page of a browser in which the owner is signed in.
export async function owner(t, options) {
  const page = await visitor(t, options);
  session ??= come_in();
  const { url, value } = await session;
  await page.context().addCookies([{ name: "staff", value, url, httpOnly: true, sameSite: "Lax" }]);
  return page;
}

const at = (path) => (page) => page.goto(path);

async function pressed(page, path, selector) {
  await page.goto(path);
  await page.locator(selector).first().click();
  await page.locator("#errors").waitFor();
}

// Name -> how to get there, for somebody who is signed in.
export const PAGES = {
  overview: at("/admin"),
  menu: async (page) => {
    await page.goto("/admin");
    const toggle = page.locator(".side__toggle");
    if (await toggle.isVisible()) await toggle.click();
  },
  orders: at("/admin/orders"),
  "orders to send": at("/admin/orders?state=to_ship"),
  "no order found": at("/admin/orders?q=zzz"),
  order: at("/admin/orders/1001"),
  "order on hold": async (page) => {
    await page.goto("/admin/orders/1003");
    if (await page.locator(".notice--warn").count()) return;
    await page.locator(".more summary").click();
    await page.locator(".more button").click();
    await page.locator(".notice--warn").waitFor();
  },
  cancel: at("/admin/orders/1001/cancel"),
  refund: async (page) => {
    await page.goto("/admin/orders/1003");
    const cash = page.locator('form[action$="/cash"] button');
    if (await cash.count()) await Promise.all([page.waitForURL(/done=cash/), cash.first().click()]);
    await page.goto("/admin/orders/1003/refund");
    await page.locator('[name^="line-"]').first().fill("1");
    await page.locator('[name="look"]').click();
    await page.locator('input[name="expected"]').waitFor({ state: "attached" });
  },
  products: at("/admin/products"),
  "no product found": at("/admin/products?q=zzzqq"),
  product: at("/admin/products/1"),
  stock: async (page) => {
    await page.goto("/admin/products/1");
    await page.locator('a[href*="/stock/"]').first().click();
    await page.locator(".facts").waitFor();
  },
  "stock with a mistake": async (page) => {
    await PAGES.stock(page);
    await page.locator("main form .button").first().click();
    await page.locator("#errors").waitFor();
  },
  journal: at("/admin/journal"),
  found: at("/admin/search?q=o"),
  "nothing found": at("/admin/search?q=zzzqq"),
  people: at("/admin/people"),
  "people with a mistake": (page) => pressed(page, "/admin/people", "main form .button"),
  person: async (page) => {
    await page.goto("/admin/people");
    if (!(await page.locator('a[href="/admin/people/2"]').count())) {
      await page.locator('[name="email"]').fill("ben@example.com");
      await page.locator("main form .button").click();
      await page.locator(".code").waitFor();
    }
    await page.goto("/admin/people/2");
  },
  settings: at("/admin/settings"),
  "settings with a mistake": async (page) => {
    await page.goto("/admin/settings");
    await page.locator('[name="shop.email"]').fill("no address");
    await page.locator(".head__action .button").click();
    await page.locator("#errors").waitFor();
  },
  account: at("/admin/account"),
  "account with a mistake": async (page) => {
    await page.goto("/admin/account");
    await page.locator('[name="new_password"]').fill("password1234");
    await page.locator('[name="password"]').fill("seven quiet herons wade");
    await page.locator('form[action$="/password"] button').click();
    await page.locator("#errors").waitFor();
  },
  missing: at("/admin/nowhere"),
};

// And for somebody who is not.
export const DOOR = {
  "sign in": at("/admin"),
  "sign in with a mistake": (page) => pressed(page, "/admin/sign-in", ".button"),
  "a link that is over": at(`/admin/link/${"A".repeat(43)}`),
};

export async function eachOf(pages, page, look, names = Object.keys(pages)) {
  for (const name of names) {
    await pages[name](page);
    await look(name);
  }
}
