// The back office in a browser: for eyes, keyboards and small screens, in the light and in the dark, without a script.
import assert from "node:assert/strict";
import { test } from "../scenario/support/test.mjs";
import { axeFaults, DESKTOP, NARROW, visitor } from "./support/browser.mjs";
import { DOOR, eachOf, owner, PAGES } from "./support/office.mjs";
import { documentFaults, inline } from "./support/validator.mjs";

const PHONE = { viewport: { width: 390, height: 800 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

const LOOKS = [
  ["on a wide screen, light", { ...DESKTOP, colorScheme: "light" }],
  ["on a wide screen, dark", { ...DESKTOP, colorScheme: "dark" }],
  ["on a phone, light", { ...PHONE, colorScheme: "light" }],
  ["on a phone, dark", { ...PHONE, colorScheme: "dark" }],
];

const note = (faults, where, found) => faults.push(...found.map((fault) => `${where}: ${fault}`));

for (const [name, profile] of LOOKS) {
  test(`axe finds nothing in the back office ${name}`, async (t) => {
    const faults = [];
    const stranger = await visitor(t, profile);
    await eachOf(DOOR, stranger, async (where) => note(faults, where, await axeFaults(stranger)));
    const page = await owner(t, profile);
    await eachOf(PAGES, page, async (where) => note(faults, where, await axeFaults(page)));
    assert.deepEqual(faults, []);
  }, { timeout: 120_000 });
}

test("320 pixels are enough for the back office", async (t) => {
  const page = await owner(t, NARROW);
  const faults = [];
  await eachOf(PAGES, page, async (where) => {
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (over > 0) faults.push(`${where}: ${over} pixels too wide`);
  });
  assert.deepEqual(faults, []);
}, { timeout: 120_000 });

test("pages of the back office are valid HTML with nothing inline, one main heading and a title of their own", async (t) => {
  const page = await owner(t, { ...DESKTOP, javaScriptEnabled: false });
  const faults = [];
  const titles = new Map();
  let html = "";
  page.on("response", async (response) => {
    if (response.request().resourceType() === "document") html = response.text().catch(() => "");
  });
  await eachOf(PAGES, page, async (where) => {
    note(faults, where, await documentFaults(await html));
    note(faults, where, await page.evaluate(inline));
    const counts = await page.evaluate(() => ["h1", "main", "body > header"].map((what) => document.querySelectorAll(what).length));
    assert.deepEqual(counts, [1, 1, 1], where);
    const title = await page.title();
    const path = new URL(page.url()).pathname;
    if (titles.has(title)) assert.equal(titles.get(title), path, `${where} has the title of another page: ${title}`);
    titles.set(title, path);
  });
  await page.context().clearCookies();
  await eachOf(DOOR, page, async (where) => {
    note(faults, where, await documentFaults(await html));
    note(faults, where, await page.evaluate(inline));
  });
  assert.deepEqual(faults, []);
}, { timeout: 120_000 });

test("every stop of the keyboard can be seen and is not covered", async (t) => {
  for (const profile of [DESKTOP, PHONE]) {
    const page = await owner(t, profile);
    for (const path of ["/admin", "/admin/orders", "/admin/orders/1001", "/admin/products/1", "/admin/settings"]) {
      await page.goto(path);
      let stops = 0;
      for (; stops < 150; stops++) {
        await page.keyboard.press("Tab");
        const state = await page.evaluate(() => {
          const element = document.activeElement;
          if (element === document.body) return null;
          const outlined = (node) => node && getComputedStyle(node).outlineStyle !== "none" && parseFloat(getComputedStyle(node).outlineWidth) >= 2;
          const box = element.getBoundingClientRect();
          const top = document.elementFromPoint(box.x + Math.min(box.width / 2, innerWidth - 1), box.y + box.height / 2);
          const isFree = !top || element.contains(top) || top.contains(element) || element.closest("tr, li")?.contains(top) || top.closest("label")?.contains(element);
          return { what: element.outerHTML.slice(0, 120), isSeen: outlined(element) || outlined(element.closest(".row")), isFree };
        });
        if (!state) break;
        assert.ok(state.isSeen, `${path}: no ring on ${state.what}`);
        assert.ok(state.isFree, `${path}: covered: ${state.what}`);
      }
      assert.ok(stops > 8, `${path}: only ${stops} stops`);
    }
  }
}, { timeout: 120_000 });

test("the menu opens and closes by keyboard, and \"/\" goes to the search", async (t) => {
  const phone = await owner(t, PHONE);
  await phone.goto("/admin");
  await phone.locator(".side__toggle").focus();
  await phone.keyboard.press("Enter");
  await phone.locator(".side__sheet").waitFor();
  await phone.keyboard.press("Escape");
  await phone.locator(".side__sheet").waitFor({ state: "hidden" });
  const page = await owner(t, DESKTOP);
  await page.goto("/admin");
  await page.keyboard.press("/");
  await page.keyboard.type("1002");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/admin\/orders\/1002$/);
});

test("mistakes have the focus, the title and their fields", async (t) => {
  const page = await owner(t, DESKTOP);
  await PAGES["stock with a mistake"](page);
  assert.match(await page.title(), /^Error: /);
  assert.equal(await page.evaluate(() => document.activeElement.id), "errors");
  await page.locator("#errors a").click();
  assert.equal(await page.evaluate(() => document.activeElement.name), "quantity");
  assert.equal(await page.locator('[name="quantity"]').getAttribute("aria-invalid"), "true");
});

for (const [name, profile] of [["with a script", { ...PHONE }], ["without a script", { ...PHONE, javaScriptEnabled: false }]]) {
  test(`an order is sent, delivered and paid on a phone ${name}`, async (t) => {
    const page = await owner(t, profile);
    const number = profile.javaScriptEnabled === false ? "1001" : "1002";
    await page.goto("/admin/orders?state=to_ship");
    await page.locator(".row", { hasText: number }).click();
    await page.waitForURL(new RegExp(`/admin/orders/${number}$`));
    await page.locator('[name="tracking_number"]').fill("0034 0434");
    await page.locator(".head__action .button").click();
    await page.locator(".notice", { hasText: "on its way" }).waitFor();
    assert.match(await page.locator("main").innerText(), /0034 0434/);
    await page.locator(".head__action .button", { hasText: "arrived" }).click();
    await page.locator(".notice", { hasText: "arrived" }).waitFor();
    await page.locator(".head__action .button", { hasText: "received" }).click();
    await page.locator(".notice", { hasText: "recorded" }).waitFor();
    assert.match(await page.locator(".head .states").innerText(), /Paid[\s\S]*Delivered/);
    assert.equal(await page.locator(".head__action").count(), 0, "nothing is left to do");
  });
}

test("the back office speaks Chinese, whole", async (t) => {
  const page = await owner(t, { ...DESKTOP, locale: "en" });
  const choose = async (language) => {
    await page.goto("/admin/account");
    await page.locator('[name="locale"]').selectOption(language);
    await page.locator('form[action="/admin/account"] button').click();
    await page.locator(".notice").waitFor();
  };
  await choose("zh-CN");
  try {
    assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
    for (const name of ["overview", "orders", "order", "cancel", "product", "journal", "settings", "account"]) {
      await PAGES[name](page);
      const text = await page.locator("body").innerText();
      assert.doesNotMatch(text, /\b(Order|Orders|Overview|Stock|Delivery|Payment|Save|Total|Customer|Note|Sign out)\b/, `${name}: something is left in English`);
    }
  } finally {
    await choose("en");
  }
});

test("a stranger is asked in the language of the browser", async (t) => {
  const page = await visitor(t, { ...DESKTOP, locale: "zh-CN" });
  await page.goto("/admin/orders");
  await page.getByRole("heading", { name: "登录" }).waitFor();
});
