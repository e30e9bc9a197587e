// What goes wrong is said beside the field and on top, in words that say what to do, and nothing typed is lost.
import assert from "node:assert/strict";
import { test } from "../scenario/support/test.mjs";
import { DESKTOP, PHONE, visitor } from "./support/browser.mjs";
import { addToCart, cartLine, choose, fillAddress, goToPayment, hasScript, nextStep, setQuantity } from "./support/steps.mjs";

const PROFILES = [["with a script", { ...DESKTOP }], ["without a script", { ...PHONE, javaScriptEnabled: false }]];

// The contract of a form with mistakes: title, summary, links to fields, the same words beside each.
async function checkMistakes(page, expected) {
  assert.match(await page.title(), /^Error: /);
  const links = await page.locator(".error-summary__link").all();
  assert.deepEqual(await Promise.all(links.map((link) => link.textContent())), expected);
  for (const link of links) {
    const field = page.locator(await link.getAttribute("href"));
    assert.equal(await field.getAttribute("aria-invalid"), "true");
    const described = await field.getAttribute("aria-describedby");
    const words = await Promise.all(described.split(" ").map((id) => page.locator(`#${id}`).textContent()));
    assert.ok(words.join(" ").includes(await link.textContent()), "the same words stand beside the field");
  }
  if (await hasScript(page)) assert.equal(await page.evaluate(() => document.activeElement.id), "errors");
}

async function mugInCart(page) {
  await page.goto("/products/harbour-mug");
  await choose(page, "Moss", "350 ml");
  await addToCart(page);
}

for (const [name, profile] of PROFILES) {
  test(`an address with mistakes is shown again as it was typed, ${name}`, async (t) => {
    const page = await visitor(t, profile);
    await mugInCart(page);
    await page.goto("/checkout/address");
    const status = async (press) => (await Promise.all([page.waitForResponse((response) => response.request().method() === "POST"), press()]))[0].status();
    assert.equal(await status(() => nextStep(page).click()), 422);
    await checkMistakes(page, ["E-mail address is missing", "Full name is missing", "Street and number is missing", "Postal code is missing", "City is missing"]);
    await fillAddress(page, { email: "ana@", name: "Ana <b>Sousa</b>", line1: "Oranienstraße 12", postal_code: "99", city: "Berlin" });
    assert.equal(await status(() => nextStep(page).click()), 422);
    assert.equal(await page.locator("#address-name").inputValue(), "Ana <b>Sousa</b>", "what was typed is kept");
    assert.equal(await page.locator("#email").inputValue(), "ana@");
    await checkMistakes(page, ["Enter a postal code as in 10115"]);
    await page.locator(".error-summary__link").click();
    assert.equal(await page.evaluate(() => document.activeElement.id), "address-postal_code", "the summary leads to the field");
    await page.locator("#address-postal_code").fill(" 10 999 ");
    assert.equal(await status(() => nextStep(page).click()), 422);
    await checkMistakes(page, ["Enter an e-mail address like name@example.com"]);
    await page.locator("#email").fill(" ANA@example.com ");
    await nextStep(page).click();
    await page.waitForURL(/\/delivery$/);
    assert.match(await page.locator(".review").textContent(), /10999 Berlin/);
  });

  test(`a code that there is not is said beside its field, ${name}`, async (t) => {
    const page = await visitor(t, profile);
    await mugInCart(page);
    await page.goto("/cart");
    await page.locator("#code").fill("spring");
    await page.getByRole("button", { name: "Use code" }).click();
    await checkMistakes(page, ["There is no code spring. Look at it once more: capitals do not matter, hyphens do."]);
    assert.equal(await page.locator("#code").inputValue(), "spring", "what was typed is kept");
    await page.locator("#code").fill("");
    await page.getByRole("button", { name: "Go to checkout" }).click();
    await page.waitForURL(/\/checkout/);
  });

  test(`another country has other fields, ${name}`, async (t) => {
    const page = await visitor(t, profile);
    await mugInCart(page);
    await page.goto("/checkout/address");
    await page.locator("#email").fill("ana@example.com");
    await page.locator("#address-country").selectOption("US");
    const button = page.getByRole("button", { name: "Use this country" });
    if (await button.isVisible()) await button.click();
    await page.locator("#address-province").waitFor();
    assert.match(await page.locator('label[for="address-postal_code"]').textContent(), /ZIP/i);
    assert.equal(await page.locator("#email").inputValue(), "ana@example.com", "what was typed is kept");
    assert.equal(await page.locator("#errors").count(), 0, "nothing is wrong yet");
  });

  test(`a product with open choices asks for them, ${name}`, async (t) => {
    const page = await visitor(t, profile);
    await page.goto("/products/harbour-mug");
    await page.getByRole("radio", { name: "Moss", exact: true }).check();
    await page.locator(".buy-row .button").click();
    await page.locator("#errors").waitFor();
    assert.equal(await page.locator(".error-summary__link").textContent(), "Choose Size");
    assert.equal(await page.locator(await page.locator(".error-summary__link").getAttribute("href")).count(), 1);
    assert.ok(await page.getByRole("radio", { name: "Moss", exact: true }).isChecked(), "the choice that was made is kept");
  });

  test(`a sold out combination is named and cannot be bought, ${name}`, async (t) => {
    const page = await visitor(t, profile);
    await page.goto("/products/harbour-mug");
    await choose(page, "Sea", "350 ml");
    assert.equal(await page.locator(".stock").textContent(), "Sold out");
    assert.ok(await page.locator(".buy-row .button").isDisabled());
    assert.match(await page.locator(".option__value", { hasText: "350 ml" }).textContent(), /Sold out/);
  });

  test(`more than there are becomes all there are, and that is said, ${name}`, async (t) => {
    const page = await visitor(t, profile);
    await mugInCart(page);
    await setQuantity(page, "Harbour Mug", 500);
    const notice = await page.locator(".notice").textContent();
    const left = Number(/Only (\d+) of Harbour Mug are left/.exec(notice)[1]);
    const field = cartLine(page, "Harbour Mug").locator(".quantity__input");
    assert.equal(await field.inputValue(), String(left));
    if (await hasScript(page)) assert.equal(await page.locator("#announcer").textContent(), notice);
    await field.fill("-3");
    await page.getByRole("button", { name: "Go to checkout" }).click();
    await page.locator(".error-summary__link").waitFor();
    assert.match(await page.locator(".error-summary").textContent(), /quantity of Harbour Mug must be a whole number/);
    assert.equal(await page.locator(await page.locator(".error-summary__link").getAttribute("href")).count(), 1);
    await setQuantity(page, "Harbour Mug", 2);
    assert.equal(await page.locator(".error-summary, .notice").count(), 0);
    assert.equal(await field.inputValue(), "2");
  });
}

test("an order that nobody placed is not found, whichever half was wrong", async (t) => {
  const page = await visitor(t, DESKTOP);
  await page.goto("/account");
  await page.getByLabel("Order number").fill("9999");
  await page.getByLabel("E-mail address").fill("ana@example.com");
  await page.getByRole("button", { name: "Find the order" }).click();
  await page.locator("#errors").waitFor();
  assert.match(await page.title(), /^Error: /);
  assert.equal(await page.getByLabel("Order number").inputValue(), "9999");
});

test("a guest finds the order again by number and address", async (t) => {
  const page = await visitor(t, DESKTOP);
  await mugInCart(page);
  await goToPayment(page);
  await nextStep(page).click();
  await page.waitForURL(/\/orders\//);
  const url = page.url();
  const number = await page.locator(".confirmation__number strong").textContent();
  await page.goto("/account");
  await page.getByLabel("Order number").fill(` #${number} `);
  await page.getByLabel("E-mail address").fill("ANA@example.com");
  await page.getByRole("button", { name: "Find the order" }).click();
  await page.waitForURL(/\/orders\//);
  assert.equal(page.url(), url);
});

test("what is not there says so and leads on", async (t) => {
  const page = await visitor(t, PHONE);
  for (const path of ["/nowhere", "/products/nothing", "/collections/nothing", "/orders/nothing", "/zh-CN/nowhere"]) {
    const response = await page.goto(path);
    assert.equal(response.status(), 404, path);
    assert.ok((await page.locator("main a").count()) > 1, "there is a way on");
    assert.doesNotMatch(await page.locator("body").innerText(), /stack traceback|\.lua:/);
  }
});
