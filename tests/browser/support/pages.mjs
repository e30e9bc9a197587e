// Every page and state of the shop that is looked at by the tests of accessibility, layout and documents.
import { addToCart, choose, fillAddress, nextStep } from "./steps.mjs";

const at = (path) => (page) => page.goto(path);

async function withCart(page) {
  if (await page.locator(".header__count").count()) return;
  await page.goto("/products/harbour-mug");
  await choose(page, "Oat", "250 ml");
  await addToCart(page);
}

async function toStep(page, step) {
  await page.goto("/");
  await withCart(page);
  await page.goto("/checkout/address");
  if (step === "address") return;
  await fillAddress(page);
  for (const next of ["delivery", "payment"]) {
    await nextStep(page).click();
    await page.waitForURL(new RegExp(`/${next}$`));
    if (step === next) return;
  }
}

// Name -> how to get there. The order lets later pages use what earlier ones left in the cart.
export const PAGES = {
  home: at("/"),
  menu: async (page) => {
    await page.goto("/");
    await page.locator(".menu__toggle").click();
  },
  collections: at("/collections"),
  category: at("/collections/ceramics"),
  all: at("/collections/all"),
  filtered: at("/collections/all?filter.availability=1&filter.sale=1&filter.price.gte=10"),
  "nothing fits": at("/collections/all?filter.price.gte=9999"),
  search: at("/search"),
  found: at("/search?q=lamp"),
  "nothing found": at("/search?q=zzzzqq"),
  product: at("/products/harbour-mug"),
  "sold out": at("/products/harbour-mug?options%5BColour%5D=Sea&options%5BSize%5D=350+ml"),
  set: at("/products/window-sill-garden"),
  "option missing": async (page) => {
    await page.goto("/products/harbour-mug");
    await page.locator(".buy-row .button").click();
    await page.locator("#errors").waitFor();
  },
  account: at("/account"),
  "account not found": async (page) => {
    await page.goto("/account");
    await page.locator("main button").click();
    await page.locator("#errors").waitFor();
  },
  missing: at("/nowhere"),
  "empty cart": at("/cart"),
  cart: async (page) => {
    await page.goto("/");
    await withCart(page);
    await page.goto("/cart");
  },
  address: (page) => toStep(page, "address"),
  "address with mistakes": async (page) => {
    await toStep(page, "address");
    await nextStep(page).click();
    await page.locator("#errors").waitFor();
  },
  delivery: (page) => toStep(page, "delivery"),
  payment: (page) => toStep(page, "payment"),
  order: async (page) => {
    await toStep(page, "payment");
    await nextStep(page).click();
    await page.waitForURL(/\/orders\//);
  },
};

// Goes through all pages, and through those named.
export async function eachPage(page, look, names = Object.keys(PAGES)) {
  for (const name of names) {
    await PAGES[name](page);
    await look(name);
  }
}
