// Documents as they leave the server: valid HTML, nothing inline, small enough.
import assert from "node:assert/strict";
import { brotliCompressSync } from "node:zlib";
import { test } from "../scenario/support/test.mjs";
import { DESKTOP, PHONE, visitor } from "./support/browser.mjs";
import { eachPage } from "./support/pages.mjs";
import { documentFaults, inline } from "./support/validator.mjs";

const kilobytes = (bytes) => Math.round(bytes / 102.4) / 10;
const packed = (body) => kilobytes(brotliCompressSync(body).length);

test("every page is valid HTML with nothing inline", async (t) => {
  const page = await visitor(t, { ...DESKTOP, javaScriptEnabled: false });
  const faults = [];
  let html = "";
  page.on("response", async (response) => {
    if (response.request().resourceType() === "document") html = response.text().catch(() => "");
  });
  await eachPage(page, async (where) => {
    faults.push(...(await documentFaults(await html)).map((fault) => `${where}:${fault}`));
    faults.push(...(await page.evaluate(inline)).map((element) => `${where}: inline: ${element}`));
  });
  assert.deepEqual(faults, []);
});

// Kilobytes of a page for a phone: its document packed, and everything its first view fetches as it was sent.
const BUDGETS = {
  home: { html: 12, requests: 20, transfer: 250 }, all: { html: 14, requests: 30, transfer: 350 },
  product: { html: 12, requests: 20, transfer: 250 }, cart: { html: 8, requests: 12, transfer: 120 },
  address: { html: 10, requests: 10, transfer: 100 },
};

test("pages keep their budgets", async (t) => {
  const page = await visitor(t, PHONE);
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  let requests = 0;
  let transfer = 0;
  session.on("Network.requestWillBeSent", () => requests++);
  session.on("Network.loadingFinished", ({ encodedDataLength }) => (transfer += encodedDataLength));
  await eachPage(page, async (where) => {
    await page.waitForLoadState("networkidle");
    await session.send("Network.clearBrowserCache");
    requests = transfer = 0;
    const response = await page.reload({ waitUntil: "networkidle" });
    const html = packed(await response.body());
    console.log(`     ${where}: document ${html} KB packed, ${requests} requests, ${kilobytes(transfer)} KB`);
    assert.ok(html <= BUDGETS[where].html, `${where}: the document has ${html} KB`);
    assert.ok(requests <= BUDGETS[where].requests, `${where}: ${requests} requests`);
    assert.ok(kilobytes(transfer) <= BUDGETS[where].transfer, `${where}: ${kilobytes(transfer)} KB`);
  }, Object.keys(BUDGETS));
});

test("styles and scripts keep their budgets", async (t) => {
  const page = await visitor(t, PHONE);
  await page.goto("/");
  const [css, js] = [await page.locator('link[rel="stylesheet"]').getAttribute("href"), await page.locator("script").getAttribute("src")];
  const [style, script] = [packed(await (await page.request.get(css)).body()), packed(await (await page.request.get(js)).body())];
  console.log(`     styles ${style} KB packed, scripts ${script} KB packed`);
  assert.ok(style <= 14 && script <= 10);
});
