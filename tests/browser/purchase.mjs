// A guest buys: from the home page to the confirmation, with and without a script, on a wide screen and on a phone.
import assert from "node:assert/strict";
import { test } from "../scenario/support/test.mjs";
import { DESKTOP, PHONE, visitor } from "./support/browser.mjs";
import {
  addToCart, cartLine, cents, choose, fillAddress, filterBy, goToCategory, GUEST, nextStep, prices, removeLine, searchFor,
  setQuantity, sortBy, titles, totalOf,
} from "./support/steps.mjs";

async function browse(page) {
  await page.goto("/");
  await goToCategory(page, "Ceramics");
  await sortBy(page, "price-ascending");
  const ascending = await prices(page);
  assert.deepEqual(ascending, ascending.toSorted((a, b) => a - b), "the cheapest stands first");
  assert.ok(ascending.length > 3);

  await page.goto("/collections/all");
  const first = await titles(page);
  assert.equal(first.length, 24);
  await filterBy(page, "Reduced");
  const reduced = await page.locator(".product-card").count();
  assert.ok(reduced > 0 && reduced < 24, "fewer are left");
  assert.match(await page.locator(".toolbar").textContent(), new RegExp(`${reduced} products`));
  await page.locator(".chip", { hasText: "Reduced" }).click();
  await page.locator(".product-card").nth(23).waitFor();
  await page.locator('.pagination [rel="next"]').click();
  await page.waitForURL(/after=/);
  const second = await titles(page);
  assert.equal(second.filter((title) => first.includes(title)).length, 0, "the next page shows others");
}

async function fillCart(page) {
  await searchFor(page, "harbour mug");
  await page.locator(".product-card__link", { hasText: "Harbour Mug" }).click();
  await page.getByRole("heading", { level: 1, name: "Harbour Mug" }).waitFor();
  await choose(page, "Oat", "350 ml");
  const unit = cents(await page.locator(".product .price__now").textContent());
  await addToCart(page, 2);
  assert.match(await cartLine(page, "Harbour Mug").textContent(), /Oat.*350 ml/s);
  assert.equal(cents(await cartLine(page, "Harbour Mug").locator(".line__total").textContent()), 2 * unit);
  assert.equal(await page.locator(".header__count").textContent(), "2");

  await page.goto("/collections/kitchen");
  await page.getByRole("button", { name: /^Add Kitchen Knife/ }).click();
  await page.waitForURL(/\/cart$/);
  assert.equal(await page.locator(".line").count(), 2);

  await setQuantity(page, "Harbour Mug", 3);
  assert.equal(cents(await cartLine(page, "Harbour Mug").locator(".line__total").textContent()), 3 * unit);
  assert.equal(await page.locator(".header__count").textContent(), "4");
  await removeLine(page, "Kitchen Knife");
  assert.equal(await page.locator(".line").count(), 1);
  return 3 * unit;
}

async function checkOut(page, goods) {
  const announced = await totalOf(page);
  await page.getByRole("button", { name: "Go to checkout" }).click();
  await page.waitForURL(/\/checkout$/);
  assert.equal(await totalOf(page), announced, "the checkout begins with the sum of the cart");
  assert.ok((await page.locator(".checkout__form input:visible:not([type=hidden])").count()) <= 8, "few fields to type in");
  await fillAddress(page);
  await nextStep(page).click();
  await page.waitForURL(/\/checkout\/delivery$/);
  await page.locator(".choice", { hasText: "Express" }).click();
  await nextStep(page).click();
  await page.waitForURL(/\/checkout\/payment$/);
  assert.match(await page.locator(".review").textContent(), /ana@example\.com.*Ana Sousa.*10999 Berlin.*Express/s);
  const total = await totalOf(page);
  assert.ok(total > goods, "express delivery costs something");
  const button = await nextStep(page).textContent();
  assert.match(button, /obligation to pay/);
  assert.equal(cents(button), total, "the button says what it costs");
  await nextStep(page).click();
  await page.waitForURL(/\/orders\//);
  return total;
}

async function confirmed(page, total) {
  assert.match(await page.getByRole("heading", { level: 1 }).textContent(), new RegExp(GUEST.name));
  assert.match(await page.locator(".confirmation__number").textContent(), /\d{4}/);
  assert.equal(await totalOf(page), total, "what was ordered costs what was agreed");
  assert.match(await page.locator(".address").textContent(), /Oranienstraße 12.*10999 Berlin.*Germany/s);
  assert.match(await page.locator(".confirmation").textContent(), /Cash on delivery/);
  assert.equal(await page.locator(".header__count").count(), 0, "the cart is empty again");
}

async function buy(page) {
  await browse(page);
  const goods = await fillCart(page);
  const total = await checkOut(page, goods);
  await confirmed(page, total);
}

const PROFILES = [
  ["on a wide screen", { ...DESKTOP }],
  ["on a phone", { ...PHONE }],
  ["on a wide screen without a script", { ...DESKTOP, javaScriptEnabled: false }],
  ["on a phone without a script", { ...PHONE, javaScriptEnabled: false }],
];

for (const [name, profile] of PROFILES) {
  test(`a guest buys ${name}`, async (t) => {
    const page = await visitor(t, profile);
    await buy(page);
  });
}

test("a guest buys where the script does not arrive", async (t) => {
  const page = await visitor(t, DESKTOP);
  await page.route("**/*.js", (route) => route.fulfill({ status: 200, contentType: "text/javascript", body: "throw undefined" }));
  page.removeAllListeners("pageerror");
  await buy(page);
});

test("a guest buys in Chinese", async (t) => {
  const page = await visitor(t, { ...PHONE, locale: "zh-CN" });
  await page.goto("/zh-CN/products/harbour-mug");
  assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
  for (const nth of [0, 4]) await page.locator(".option__input").nth(nth).check();
  await page.locator('.stock:not([data-state="choose"])').waitFor();
  await page.locator(".buy-row .button").click();
  await page.waitForURL(/\/zh-CN\/cart$/);
  await page.getByRole("button", { name: "去结算" }).click();
  await fillAddress(page);
  for (const step of ["delivery", "payment"]) {
    await nextStep(page).click();
    await page.waitForURL(new RegExp(`/zh-CN/checkout/${step}$`));
  }
  await nextStep(page).click();
  await page.waitForURL(/\/zh-CN\/orders\//);
  assert.match(await page.getByRole("heading", { level: 1 }).textContent(), /谢谢您，Ana Sousa/);
  assert.doesNotMatch(await page.locator("main").innerText(), /Thank|Order|Delivery|Payment/, "nothing is left in English");
});
