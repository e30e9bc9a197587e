// What people need who do not see, point or move as others do.
import assert from "node:assert/strict";
import { test } from "../scenario/support/test.mjs";
import { axeFaults, DESKTOP, PHONE, visitor } from "./support/browser.mjs";
import { eachPage } from "./support/pages.mjs";

const LOOKS = [
  ["on a wide screen, light", { ...DESKTOP, colorScheme: "light" }],
  ["on a phone, dark", { ...PHONE, colorScheme: "dark" }],
];

for (const [name, profile] of LOOKS) {
  test(`axe finds nothing ${name}`, async (t) => {
    const page = await visitor(t, profile);
    const faults = [];
    await eachPage(page, async (where) => faults.push(...(await axeFaults(page)).map((fault) => `${where}: ${fault}`)));
    assert.deepEqual(faults, []);
  }, { timeout: 120_000 });
}

test("axe finds nothing in the other two looks of the pages with most to see", async (t) => {
  const faults = [];
  for (const profile of [{ ...DESKTOP, colorScheme: "dark" }, { ...PHONE, colorScheme: "light" }]) {
    const page = await visitor(t, profile);
    const names = ["home", "filtered", "product", "option missing", "cart", "address with mistakes", "payment", "order"];
    await eachPage(page, async (where) => faults.push(...(await axeFaults(page)).map((fault) => `${where}: ${fault}`)), names);
  }
  assert.deepEqual(faults, []);
}, { timeout: 120_000 });

test("a page has one main heading, one of each landmark and a title of its own", async (t) => {
  const page = await visitor(t, DESKTOP);
  const seen = new Map();
  await eachPage(page, async (where) => {
    const counts = await page.evaluate(() => ["h1", "main", "body > header", "body > footer"].map((what) => document.querySelectorAll(what).length));
    assert.deepEqual(counts, [1, 1, 1, 1], where);
    const title = await page.title();
    const twin = seen.get(title);
    assert.ok(!twin || page.url() === twin, `${where} has the title of another page: ${title}`);
    seen.set(title, page.url());
  }, ["collections", "category", "all", "found", "product", "account", "missing", "cart", "address", "delivery", "payment", "order"]);
});

test("the skip link is the first stop and leads to the main part", async (t) => {
  const page = await visitor(t, DESKTOP);
  await page.goto("/collections/all");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip-link");
  assert.ok((await page.locator(".skip-link").boundingBox()).height > 24, "it shows when it has the focus");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
});

// Whether the focus can be seen: an outline on the element, on what stands for it, or on what it lays over a card;
// and whether something else covers it.
const focusState = () => {
  const element = document.activeElement;
  if (element === document.body) return null;
  const outlined = (node, pseudo) => {
    const style = getComputedStyle(node, pseudo);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  };
  const box = element.getBoundingClientRect();
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  const stand_in = element.nextElementSibling;
  return {
    what: element.outerHTML.slice(0, 120),
    isSeen: outlined(element) || outlined(element, "::after") || (stand_in?.className.includes("label") && outlined(stand_in)),
    isFree: box.width === 0 || !top || element.contains(top) || top.contains(element) || top.closest("label")?.contains(element) || box.height > innerHeight,
  };
};

test("each stop of the keyboard can be seen and is not covered", async (t) => {
  for (const profile of [DESKTOP, PHONE]) {
    const page = await visitor(t, profile);
    for (const path of ["/", "/collections/ceramics", "/products/harbour-mug", "/account"]) {
      await page.goto(path);
      let stops = 0;
      for (; stops < 120; stops++) {
        await page.keyboard.press("Tab");
        const state = await page.evaluate(focusState);
        if (!state) break;
        assert.ok(state.isSeen, `${path}: no ring on ${state.what}`);
        assert.ok(state.isFree, `${path}: covered: ${state.what}`);
      }
      assert.ok(stops > 10, `${path}: only ${stops} stops`);
    }
  }
});

test("a whole purchase needs no pointer", async (t) => {
  const page = await visitor(t, DESKTOP);
  const press = async (target) => {
    await target.focus();
    await page.keyboard.press("Enter");
  };
  await page.goto("/products/harbour-mug");
  for (const [group, steps] of [["Colour", 0], ["Size", 1]]) {
    await page.getByRole("group", { name: group }).getByRole("radio").first().focus();
    await page.keyboard.press("Space");
    for (let i = 0; i < steps; i++) await page.keyboard.press("ArrowRight");
    await page.locator(`.option__name:has-text("${group}") .option__chosen`).waitFor();
  }
  await press(page.locator(".buy-row .button"));
  await page.waitForURL(/\/cart$/);
  await press(page.getByRole("button", { name: "Go to checkout" }));
  await page.waitForURL(/\/checkout$/);
  await page.locator("#email").focus();
  await page.keyboard.type("ana@example.com");
  for (const [name, text] of [["name", "Ana Sousa"], ["line1", "Oranienstraße 12"], ["postal_code", "10999"], ["city", "Berlin"]]) {
    await page.locator(`#address-${name}`).focus();
    await page.keyboard.type(text);
  }
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/delivery$/);
  await page.getByRole("radio").first().focus();
  await page.keyboard.press("ArrowDown");
  await press(page.locator(".checkout__form > .button--wide"));
  await page.waitForURL(/\/payment$/);
  await press(page.locator(".checkout__form > .button--wide"));
  await page.waitForURL(/\/orders\//);
});

test("the menu opens and closes by keyboard and gives the focus back", async (t) => {
  const page = await visitor(t, PHONE);
  await page.goto("/");
  await page.locator(".menu__toggle").focus();
  await page.keyboard.press("Enter");
  await page.locator(".menu__sheet").waitFor();
  await page.keyboard.press("Tab");
  assert.match(await page.evaluate(() => document.activeElement.className), /menu__/);
  await page.keyboard.press("Escape");
  await page.locator(".menu__sheet").waitFor({ state: "hidden" });
  assert.match(await page.evaluate(() => document.activeElement.className), /menu__toggle/);
});

test("what changes without a new page is announced", async (t) => {
  const page = await visitor(t, DESKTOP);
  await page.goto("/collections/all");
  await page.locator(".facet__value", { hasText: "Reduced" }).locator("input").check();
  await page.locator(".chip").first().waitFor();
  assert.match(await page.locator("#announcer").textContent(), /\d+ products?/);
  assert.equal(await page.evaluate(() => document.activeElement.value), "1", "the keyboard stays where it was");
});

test("nothing moves for those who asked for that", async (t) => {
  const page = await visitor(t, DESKTOP);
  for (const path of ["/", "/collections/all", "/products/harbour-mug"]) {
    await page.goto(path);
    await page.locator(".product-card").first().hover();
    assert.equal(await page.evaluate(() => document.getAnimations().length), 0, path);
  }
});

test("controls keep their edges in the visitor's own colours", async (t) => {
  const page = await visitor(t, { ...DESKTOP, forcedColors: "active" });
  const bare = () => [...document.querySelectorAll("main .button, main .field__input, main .option__label, main .quantity, main .choice, main .chip")]
    .filter((element) => element.checkVisibility() && !element.matches(".button--link, .chip--plain"))
    .filter((element) => {
      const { borderTopWidth, borderTopStyle, borderBottomWidth, borderBottomStyle } = getComputedStyle(element);
      return [[borderTopWidth, borderTopStyle], [borderBottomWidth, borderBottomStyle]].every(([width, style]) => parseFloat(width) < 1 || style === "none");
    }).map((element) => element.outerHTML.slice(0, 100));
  await eachPage(page, async (where) => assert.deepEqual(await page.evaluate(bare), [], where), ["filtered", "product", "cart", "address", "payment"]);
});
