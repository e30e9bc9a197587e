// One Chromium for all tests, and visitors in it: a fresh context each, watched for everything that must not happen.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { shop } from "./shop.mjs";

const ARGUMENTS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
  "--disable-sync",
];

export const DESKTOP = { viewport: { width: 1280, height: 900 } };
export const PHONE = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
export const NARROW = { viewport: { width: 320, height: 640 } };

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

let browser;

async function launch() {
  const executablePath = process.env.MERX_CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: ARGUMENTS, ignoreDefaultArgs: ["--disable-back-forward-cache"] });
}

export async function closeBrowser() {
  await (await browser)?.close();
}

// What a page must never do. A refusal of the content security policy is an error of the console.
function watch(page, origin, problems) {
  page.on("pageerror", (error) => problems.push(`a script failed: ${error.message}`));
  page.on("console", (message) => {
    const isStatus = message.text().startsWith("Failed to load resource"); // judged by its response
    if (message.type() === "error" && !isStatus) problems.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith("http") && url.origin !== origin) problems.push(`a request left the shop: ${url}`);
  });
  page.on("response", (response) => {
    const isPage = ["document", "fetch"].includes(response.request().resourceType());
    if (response.status() >= (isPage ? 500 : 400)) problems.push(`${response.status()} ${response.url()}`);
  });
}

// A visitor with nothing remembered. `options` are Playwright's of a context, and `catalogue`. After the test it must
// have seen no problem.
export async function visitor(t, { catalogue, ...options } = {}) {
  browser ??= launch();
  const { url } = await shop(catalogue);
  const context = await (await browser).newContext({ baseURL: url, locale: "en", reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const problems = [];
  watch(page, url, problems);
  t.after(async () => {
    await context.close();
    assert.deepEqual(problems, [], "a page did what no page may do");
  });
  return page;
}

// Waits for what the enhancing script set off, if it runs.
export async function settled(page) {
  await page.waitForTimeout(30); // a change is answered in the next turn of the page's loop
  await page.locator('[aria-busy="true"]').waitFor({ state: "detached" });
  await page.waitForLoadState("load");
}

// What axe finds wrong with the page as it is, in words.
export async function axeFaults(page) {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate((tags) => axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] }), AXE_TAGS);
  return violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.target.join(" ")}: ${node.failureSummary.replace(/\s+/g, " ")}`));
}
