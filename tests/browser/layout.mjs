// How pages stand on screens: nothing wider than the screen, nothing that jumps, nothing too small for a finger.
import assert from "node:assert/strict";
import { test } from "../scenario/support/test.mjs";
import { DESKTOP, NARROW, PHONE, visitor } from "./support/browser.mjs";
import { eachPage } from "./support/pages.mjs";

const tooWide = () => {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const wide = [...document.querySelectorAll("body *")].filter((element) => element.getBoundingClientRect().right > clientWidth + 1);
  return wide.slice(0, 5).map((element) => element.outerHTML.slice(0, 100));
};

test("320 pixels are enough for every page", async (t) => {
  const page = await visitor(t, NARROW);
  await eachPage(page, async (where) => assert.deepEqual(await page.evaluate(tooWide), [], where));
}, { timeout: 90_000 });

test("wider spacing of text cuts nothing off", async (t) => {
  const page = await visitor(t, { ...NARROW, bypassCSP: true });
  const spacing = "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; } p { margin-block-end: 2em !important; }";
  const cut = () => [...document.querySelectorAll("main :is(p, h1, h2, dt, dd, span, button, label)")]
    .filter((element) => element.checkVisibility() && !element.matches(".visually-hidden, .visually-hidden *"))
    .filter((element) => getComputedStyle(element).overflow === "hidden" && element.scrollHeight > element.clientHeight + 1 && !getComputedStyle(element).webkitLineClamp)
    .map((element) => element.outerHTML.slice(0, 100));
  await eachPage(page, async (where) => {
    await page.addStyleTag({ content: spacing });
    assert.deepEqual(await page.evaluate(cut), [], where);
    assert.deepEqual(await page.evaluate(tooWide), [], where);
  }, ["home", "all", "product", "cart", "address", "delivery"]);
});

test("what is pressed most is large enough for a finger", async (t) => {
  const page = await visitor(t, PHONE);
  const small = () => [...document.querySelectorAll(".button, .quantity__step, .quantity__input, .icon-button, .menu__toggle, .option__input, .field__input, .choice, .menu__link, .menu__child")]
    .filter((element) => element.checkVisibility())
    .map((element) => [element.getBoundingClientRect(), element])
    .filter(([box]) => box.height < 43.9 || box.width < 43.9)
    .map(([box, element]) => `${Math.round(box.width)} × ${Math.round(box.height)}: ${element.outerHTML.slice(0, 90)}`);
  await eachPage(page, async (where) => assert.deepEqual(await page.evaluate(small), [], where), ["home", "menu", "filtered", "product", "set", "cart", "address", "delivery", "payment"]);
});

test("pictures have their size, a text, and only one is urgent", async (t) => {
  const page = await visitor(t, PHONE);
  await eachPage(page, async (where) => {
    const faults = await page.evaluate(() => [...document.images].filter((image) => !image.hasAttribute("width") || !image.hasAttribute("height") || !image.hasAttribute("alt")).map((image) => image.outerHTML));
    assert.deepEqual(faults, [], where);
    const urgent = await page.locator('img[fetchpriority="high"]').count();
    assert.ok(urgent <= 1, `${where}: ${urgent} urgent pictures`);
    const greedy = await page.evaluate(() => [...document.images].filter((image) => image.loading !== "lazy" && image.getBoundingClientRect().top > 3 * innerHeight).length);
    assert.equal(greedy, 0, `${where}: a picture far below is not lazy`);
  }, ["home", "all", "product", "cart", "order"]);
});

test("nothing jumps while a page arrives, is scrolled and is used", async (t) => {
  for (const profile of [PHONE, DESKTOP]) {
    const page = await visitor(t, profile);
    await page.addInitScript(() => {
      globalThis.shifts = [];
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          if (!entry.hadRecentInput) globalThis.shifts.push([entry.value, ...entry.sources.map((source) => source.node?.outerHTML?.slice(0, 60))]);
        }
      }).observe({ type: "layout-shift", buffered: true });
    });
    // Pictures that come late must find their place kept.
    await page.route("**/media/**", async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      await route.continue();
    });
    await eachPage(page, async (where) => {
      await page.evaluate(async () => {
        for (let y = 0; y < document.body.scrollHeight; y += innerHeight) {
          scrollTo(0, y);
          await new Promise((resolve) => setTimeout(resolve, 40));
        }
      });
      await page.waitForTimeout(350);
      const shifts = await page.evaluate(() => globalThis.shifts);
      assert.ok(shifts.reduce((sum, [value]) => sum + value, 0) <= 0.02, `${where}: ${JSON.stringify(shifts)}`);
    }, ["home", "all", "product", "cart", "address", "payment"]);
  }
});

test("the header stands on one line", async (t) => {
  for (const width of [1024, 1280, 1600]) {
    const page = await visitor(t, { viewport: { width, height: 800 } });
    await page.goto("/");
    const { height } = await page.locator(".header__inner").boundingBox();
    assert.ok(height < 90, `${height} px at ${width}`);
    const lines = await page.locator(".header__link").evaluateAll((links) => {
      const clip = links[0].closest("ul").getBoundingClientRect();
      return links.filter((link) => link.getBoundingClientRect().top < clip.bottom && link.getBoundingClientRect().right > clip.right + 1).length;
    });
    assert.equal(lines, 0, "no category is cut in half");
  }
});

test("rows of products and tiles have no holes and stand on common lines", async (t) => {
  for (const profile of [PHONE, DESKTOP]) {
    const page = await visitor(t, profile);
    await page.goto("/");
    const ragged = await page.locator(".tile").evaluateAll((tiles) => {
      const end = tiles[0].parentElement.getBoundingClientRect().right;
      const rows = Map.groupBy(tiles, (tile) => Math.round(tile.getBoundingClientRect().top));
      return [...rows.values()].filter((row) => Math.abs(row.at(-1).getBoundingClientRect().right - end) > 1).length;
    });
    assert.equal(ragged, 0, "tiles fill their rows");
    await page.goto("/collections/all");
    const uneven = await page.locator(".product-card").evaluateAll((cards) => {
      const rows = Map.groupBy(cards, (card) => Math.round(card.getBoundingClientRect().top));
      const tops = (row) => new Set(row.map((card) => Math.round(card.querySelector(".price").getBoundingClientRect().top)));
      return [...rows.values()].filter((row) => tops(row).size > 1).length;
    });
    assert.equal(uneven, 0, "prices stand on one line");
  }
});

test("an order prints on one sheet", async (t) => {
  const page = await visitor(t, DESKTOP);
  await eachPage(page, async () => {
    for (const format of ["A4", "Letter"]) {
      const pdf = (await page.pdf({ format })).toString("latin1");
      assert.equal(pdf.match(/\/Type\s*\/Page\b(?!s)/g).length, 1, format);
    }
  }, ["order"]);
});

test("the colours can be chosen, with and without a script, and are kept", async (t) => {
  for (const javaScriptEnabled of [true, false]) {
    const page = await visitor(t, { ...DESKTOP, javaScriptEnabled, colorScheme: "light" });
    await page.goto("/collections/ceramics");
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.locator(".footer").getByRole("button", { name: "Dark" }).click();
    await page.locator('html[data-scheme="dark"]').waitFor();
    assert.match(page.url(), /\/collections\/ceramics$/, "back where it was chosen");
    assert.notEqual(await ground(), light);
    await page.goto("/account");
    assert.equal(await page.locator("html").getAttribute("data-scheme"), "dark");
    await page.locator(".footer").getByRole("button", { name: "Automatic" }).click();
    await page.locator("html:not([data-scheme])").waitFor();
    assert.equal(await ground(), light);
  }
});
