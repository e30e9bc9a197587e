// What shoppers do, step by step, the same with a script and without: without one they press the button that a
// script makes unnecessary. Checks what a step promises before it goes on.
import assert from "node:assert/strict";
import { settled } from "./browser.mjs";

export const GUEST = { email: "ana@example.com", name: "Ana Sousa", line1: "Oranienstraße 12", postal_code: "10999", city: "Berlin" };

// "€1,234.50" is 123450.
export function cents(text) {
  const found = /([\d.,]+)/.exec(text.replaceAll(/[\s\u00a0]/g, ""));
  assert.ok(found, `"${text}" holds no amount`);
  return Math.round(Number(found[1].replace(/,(?=\d{3})/g, "")) * 100);
}

export const hasScript = (page) => page.evaluate(() => !!document.querySelector("[data-enhanced][hidden], quantity-input[data-ready]"));

export const isPhone = (page) => page.viewportSize().width < 1024;

// Presses a button that only visitors without a script see; with one, what it does has begun already.
async function confirm(page, button) {
  if (await button.isVisible()) await button.click();
  await settled(page);
}

export async function goToCategory(page, name) {
  if (isPhone(page)) {
    await page.locator(".menu__toggle").click();
    await page.locator(".menu__link", { hasText: name }).click();
  } else await page.locator(".header__link", { hasText: name }).click();
  await page.getByRole("heading", { level: 1, name }).waitFor();
}

export async function sortBy(page, value) {
  await page.locator("#sort-by").selectOption(value);
  await confirm(page, page.locator(".toolbar__sort button"));
  await page.waitForURL((url) => url.searchParams.get("sort_by") === value);
}

export const prices = async (page) => (await page.locator(".product-grid .price__now").allTextContents()).map(cents);

export const titles = (page) => page.locator(".product-grid .product-card__link").allTextContents();

// Ticks one value of a filter.
export async function filterBy(page, label) {
  if (isPhone(page) && !(await page.locator("#filters").evaluate((details) => details.open))) await page.locator(".facets__toggle").click();
  await page.locator(".facet__value", { hasText: label }).first().locator("input").check();
  if (!(await hasScript(page))) await page.locator(".facets__apply").click();
  await page.locator(".chip", { hasText: label }).waitFor();
}

export async function searchFor(page, terms) {
  if (isPhone(page)) await page.locator(".header__search-link").click();
  const field = page.locator(isPhone(page) ? "#search-terms" : "#header-search");
  await field.fill(terms);
  await field.press("Enter");
  await page.waitForURL(/\/search\?/);
}

// Chooses by what is read on the page, and has the shop say what that costs.
export async function choose(page, ...values) {
  for (const value of values) {
    await page.getByRole("radio", { name: new RegExp(`^${value}( – Sold out)?$`) }).check();
    await settled(page);
  }
  await confirm(page, page.locator('#buy [data-enhanced="hide"]'));
  await page.locator('.stock:not([data-state="choose"])').waitFor();
}

export async function addToCart(page, quantity = 1) {
  await page.locator("#quantity").fill(String(quantity));
  await page.locator(".buy-row .button").click();
  await page.waitForURL(/\/cart$/);
}

export const cartLine = (page, title) => page.locator(".line", { hasText: title });

export async function setQuantity(page, title, quantity) {
  const field = cartLine(page, title).locator(".quantity__input");
  await field.fill(String(quantity));
  if (await hasScript(page)) {
    const answer = page.waitForResponse(/\/cart(\?|$)/);
    await field.blur();
    await answer;
    await settled(page);
  } else await page.locator(".cart__more .button").click();
  await page.locator(".line").first().waitFor();
}

export async function removeLine(page, title) {
  await cartLine(page, title).getByRole("button", { name: /^Remove/ }).click();
  await cartLine(page, title).waitFor({ state: "detached" });
}

export const totalOf = async (page) => cents(await page.locator('.totals__row[data-state="total"] dd').first().textContent());

export async function fillAddress(page, guest = GUEST) {
  await page.locator("#email").fill(guest.email);
  for (const name of ["name", "line1", "postal_code", "city"]) await page.locator(`#address-${name}`).fill(guest[name]);
}

export const nextStep = (page) => page.locator(".checkout__form > .button--wide");

// From the cart to the page with the button that places the order.
export async function goToPayment(page, guest = GUEST) {
  await page.goto("/checkout");
  await fillAddress(page, guest);
  await nextStep(page).click();
  await page.waitForURL(/\/checkout\/delivery$/);
  await nextStep(page).click();
  await page.waitForURL(/\/checkout\/payment$/);
}
