// A guest pays at a provider: there and back, with and without a script, with and without luck. The plugin merx.test-pay asks
// its provider over HTTP, as any plugin would.
import assert from "node:assert/strict";
import { test } from "../scenario/support/test.mjs";
import { axeFaults, DESKTOP, PHONE, visitor } from "./support/browser.mjs";
import { TRIALS } from "./support/shop.mjs";
import { goToPayment, nextStep, totalOf } from "./support/steps.mjs";

const PROFILES = [
  ["on a wide screen", { ...DESKTOP }],
  ["on a phone without a script", { ...PHONE, javaScriptEnabled: false }],
];

const guest = (t, profile) => visitor(t, { catalogue: TRIALS, ...profile });

// To the provider's page, with a knife in the cart.
async function orderOne(page) {
  await page.goto("/collections/kitchen");
  await page.getByRole("button", { name: /^Add Kitchen Knife/ }).click();
  await page.waitForURL(/\/cart$/);
  await goToPayment(page);
  return goOn(page);
}

async function goOn(page) {
  await page.getByRole("radio", { name: /Test payment/ }).check();
  const total = await totalOf(page);
  await nextStep(page).click();
  await page.waitForURL(/\/test-provider\/pay\//);
  return total;
}

async function decide(page, outcome, news = "once, as it should be") {
  await page.getByRole("radio", { name: outcome }).check();
  await page.getByRole("radio", { name: news }).check();
  await page.getByRole("button").click();
}

for (const [name, profile] of PROFILES) {
  test(`a guest pays at a provider ${name}`, async (t) => {
    const page = await guest(t, profile);
    const total = await orderOne(page);
    await decide(page, "Pay");
    await page.waitForURL(/\/orders\/[^/]+$/);
    assert.match(await page.getByRole("heading", { level: 1 }).textContent(), /Thank you/);
    assert.equal(await totalOf(page), total);
    assert.match(await page.locator(".confirmation").textContent(), /Test payment, paid/);
  });

  test(`a guest whose payment is declined finds everything as it was ${name}`, async (t) => {
    const page = await guest(t, profile);
    const total = await orderOne(page);
    await decide(page, "The card is declined");
    await page.waitForURL(/\/checkout\/payment/);
    assert.match(await page.locator(".notice").textContent(), /declined, and nothing was taken/);
    assert.equal(await totalOf(page), total);
    await goOn(page);
    await decide(page, "Pay", "never");
    await page.waitForURL(/\/orders\/[^/]+$/);
    assert.match(await page.getByRole("heading", { level: 1 }).textContent(), /Thank you/, "the shop asked, as nobody told it");
  });

  test(`a guest who turns back may pay later, or another way ${name}`, async (t) => {
    const page = await guest(t, profile);
    await orderOne(page);
    const provider = page.url();
    await page.goBack({ waitUntil: "commit" });
    await page.waitForURL(/\/(cart|checkout\/payment)$/, { waitUntil: "commit" }); // and not the page that leads forward again
    await page.goto(provider);
    const back = await page.getByRole("link", { name: "Not now" }).getAttribute("href");
    await page.goto(back);
    assert.match(await page.getByRole("heading", { level: 1 }).textContent(), /Nothing was taken/);
    assert.match(await page.locator(".payment__note").textContent(), /another (29|30) minutes/);
    if (profile.javaScriptEnabled !== false) assert.deepEqual(await axeFaults(page), []);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "nothing stands over the edge");
    await page.getByRole("link", { name: /^Pay/ }).click();
    await page.waitForURL(provider);
    await page.goto(back);
    await page.getByRole("button", { name: "Choose another way to pay" }).click();
    await page.waitForURL(/\/checkout\/payment/);
    await page.getByRole("radio", { name: /Cash on delivery/ }).check();
    await nextStep(page).click();
    await page.waitForURL(/\/orders\/[^/]+$/);
    assert.match(await page.locator(".confirmation").textContent(), /Cash on delivery/);
  });
}
