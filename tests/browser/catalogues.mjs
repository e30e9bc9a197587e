// A shop filled from another maker's product file sells as well as the sample shop. The files are not ours: MERX_TEST_DATA
// names the folder that holds them.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "../scenario/support/test.mjs";
import { axeFaults, DESKTOP, PHONE, visitor } from "./support/browser.mjs";
import { addToCart, cents, goToPayment, nextStep, totalOf } from "./support/steps.mjs";

const catalogue = join(process.env.MERX_TEST_DATA ?? "", "woocommerce", "sample_products.csv");

test("a catalogue of WooCommerce can be bought from, with and without a script", async (t) => {
  if (!existsSync(catalogue)) t.skip("MERX_TEST_DATA names no folder with woocommerce/sample_products.csv");
  for (const profile of [DESKTOP, { ...PHONE, javaScriptEnabled: false }]) {
    const page = await visitor(t, { ...profile, catalogue });
    await page.goto("/");
    assert.ok((await page.locator(".product-card").count()) > 0, "the home page shows products");
    await page.goto("/collections/all");
    const simple = page.locator(".product-card", { has: page.locator(".product-card__add") }).first();
    const title = await simple.locator(".product-card__link").textContent();
    const price = cents(await simple.locator(".price__now").textContent());
    await simple.locator(".product-card__link").click();
    await page.getByRole("heading", { level: 1, name: title }).waitFor();
    if (profile.javaScriptEnabled !== false) assert.deepEqual(await axeFaults(page), []);
    await addToCart(page, 2);
    assert.equal(cents(await page.locator(".line__total").textContent()), 2 * price);
    await goToPayment(page);
    const total = await totalOf(page);
    await nextStep(page).click();
    await page.waitForURL(/\/orders\//);
    assert.equal(await totalOf(page), total);
  }
});
