// One order, however often it is sent; and the pages around it behave when a shopper goes back and forth.
import assert from "node:assert/strict";
import { test } from "../scenario/support/test.mjs";
import { DESKTOP, PHONE, visitor } from "./support/browser.mjs";
import { addToCart, choose, goToPayment, nextStep, titles } from "./support/steps.mjs";

async function ready(page) {
  await page.goto("/products/harbour-mug");
  await choose(page, "Oat", "250 ml");
  await addToCart(page);
  await goToPayment(page);
}

// What the button would send, for sending it behind the page's back.
const formOf = (page) => page.locator(".checkout__form").evaluate((form) => Object.fromEntries(new FormData(form)));

const numberOf = async (page) => Number(await page.locator(".confirmation__number strong").textContent());

// The second press of two replaces the first one's navigation, which waitForURL() takes for a failure.
const arrive = async (page) => {
  for (let i = 0; i < 100 && !/\/orders\//.test(page.url()); i++) await page.waitForTimeout(100);
  await page.waitForURL(/\/orders\//);
};

for (const [name, profile] of [["with a script", DESKTOP], ["without a script", { ...PHONE, javaScriptEnabled: false }]]) {
  test(`a double press places one order, ${name}`, async (t) => {
    const page = await visitor(t, profile);
    await ready(page);
    await nextStep(page).dblclick();
    await arrive(page);
    const first = await numberOf(page);
    const other = await visitor(t, profile);
    await ready(other);
    await nextStep(other).click();
    await other.waitForURL(/\/orders\//);
    assert.equal(await numberOf(other), first + 1, "no order lies between");
  });
}

test("five presses at the same moment place one order", async (t) => {
  const page = await visitor(t, DESKTOP);
  await ready(page);
  const form = await formOf(page);
  const origin = new URL(page.url()).origin;
  const send = () => page.request.post("/checkout/payment", { form, headers: { Origin: origin }, maxRedirects: 0 });
  const replies = await Promise.all([send(), send(), send(), send(), send()]);
  const places = new Set(replies.filter((reply) => reply.status() === 303).map((reply) => reply.headers().location));
  const answers = replies.map((reply) => `${reply.status()} ${reply.headers().location ?? ""}`);
  assert.equal(places.size, 1, answers.join("\n"));
  assert.match([...places][0], /^\/orders\//);
});

test("reload and back after the order place no other", async (t) => {
  const page = await visitor(t, DESKTOP);
  await ready(page);
  const form = await formOf(page);
  await nextStep(page).click();
  await page.waitForURL(/\/orders\//);
  const url = page.url();
  const number = await numberOf(page);
  await page.reload();
  assert.equal(page.url(), url);
  assert.equal(await numberOf(page), number);
  await page.goBack({ waitUntil: "commit" }); // a page from the back/forward cache does not load again
  assert.match(page.url(), /\/(checkout|cart|orders)/);
  const again = await page.request.post("/checkout/payment", { form, headers: { Origin: new URL(url).origin } });
  assert.equal(again.url(), url, "what is sent again leads to the order");
  await page.goto("/cart");
  await page.getByRole("heading", { name: "Your cart is empty" }).waitFor();
});

test("back from a product finds the list as it was left", async (t) => {
  const page = await visitor(t, DESKTOP);
  await page.goto("/collections/all");
  await page.locator(".facet__value", { hasText: "Reduced" }).locator("input").check();
  await page.locator(".chip", { hasText: "Reduced" }).waitFor();
  const before = await titles(page);
  await page.evaluate(() => scrollTo(0, 600));
  await page.locator(".product-card__link").nth(4).click();
  await page.waitForURL(/\/products\//);
  await page.goBack({ waitUntil: "commit" }); // a page from the back/forward cache does not load again
  await page.locator(".chip", { hasText: "Reduced" }).waitFor();
  assert.deepEqual(await titles(page), before);
  assert.ok((await page.evaluate(() => scrollY)) > 300, "at the place where it was left");
  await page.goForward({ waitUntil: "commit" });
  await page.waitForURL(/\/products\//, { waitUntil: "commit" });
});

test("a product's address holds what was chosen", async (t) => {
  const page = await visitor(t, DESKTOP);
  await page.goto("/products/harbour-mug");
  await choose(page, "Moss", "350 ml");
  const url = page.url();
  assert.match(url, /\?/);
  const other = await visitor(t, { ...DESKTOP, javaScriptEnabled: false });
  await other.goto(url);
  assert.ok(await other.getByRole("radio", { name: "Moss", exact: true }).isChecked());
  assert.ok(await other.getByRole("radio", { name: "350 ml", exact: true }).isChecked());
});
