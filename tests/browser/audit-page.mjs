// The page of an audit under keys and clicks, in a Chromium.
//
//     cargo run -p lockgate-report --example audit_report -- findings html > page.html
//     npm install --no-save playwright-core
//     LOCKGATE_BROWSER=/usr/bin/chromium node tests/browser/audit-page.mjs page.html
//
// The page has to be that of `findings`: its packages are named here. What needs neither keys nor clicks is tested by
// `crates/lockgate-report/tests/audit/browser.rs`, which `cargo test` runs.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

// Installed beside the caller, not beside this file.
const { chromium } = createRequire(resolve("package.json"))("playwright-core");
const page_url = pathToFileURL(resolve(process.argv[2])).href;
const browser = await chromium.launch({ executablePath: process.env.LOCKGATE_BROWSER, args: ["--no-sandbox", "--disable-gpu"] });
const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: "light" });
const page = await context.newPage();
const trouble = [];
page.on("console", (message) => trouble.push(message.text()));
page.on("pageerror", (error) => trouble.push(String(error)));
page.on("request", (request) => request.url().startsWith("file:") || trouble.push("asked for " + request.url()));

const visible = () => page.$$eval("tbody.finding:not([hidden]) .package b", (found) => found.map((it) => it.textContent));
const open = () => page.$$eval("tbody.open", (found) => found.map((it) => it.id));
const lit = () => page.$$eval("#canvas .node.lit text", (found) => found.map((it) => it.textContent).sort());
const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.textContent);
const hash = () => page.evaluate(() => location.hash);
const displayed = (selector) => page.$eval(selector, (it) => getComputedStyle(it).display !== "none");

const tests = {
  async "a slash focuses the filter, typing filters, Escape clears"() {
    await page.keyboard.press("/");
    assert.equal(await focused(), "filter");
    await page.keyboard.type("urllib3 /");
    assert.deepEqual(await visible(), ["urllib3"]);
    assert.equal(await hash(), "#filter=urllib3+%2F");
    await page.keyboard.press("Escape");
    assert.equal((await visible()).length, 12);
    assert.equal(await hash(), "");
  },
  async "Tab reaches the rows; Enter and Space open and fold; arrows move"() {
    await page.focus("#all");
    for (let head = 0; head < 5; head++) await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "MAL-2024-1");
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(outline, "solid", "focus is seen");
    await page.keyboard.press("Enter");
    assert.deepEqual(await open(), ["finding-1"]);
    assert.equal(await page.getAttribute("#finding-1 .toggle", "aria-expanded"), "true");
    assert.ok(await displayed("#detail-1"));
    await page.keyboard.press("Space");
    assert.deepEqual(await open(), []);
    assert.ok(!(await displayed("#detail-1")));
    await page.keyboard.press("ArrowDown");
    assert.equal(await focused(), "PYSEC-2024-157");
    await page.keyboard.press("ArrowUp");
    assert.equal(await focused(), "MAL-2024-1");
  },
  async "a heading sorts by keys, and says how"() {
    const head = page.locator("th.package");
    await head.locator("button").focus();
    await page.keyboard.press("Enter");
    assert.equal(await head.getAttribute("aria-sort"), "ascending");
    const ascending = await visible();
    assert.deepEqual(ascending, [...ascending].sort());
    await page.keyboard.press("Space");
    assert.equal(await head.getAttribute("aria-sort"), "descending");
    assert.deepEqual(await visible(), ascending.toReversed());
    assert.equal(await page.getAttribute("th.severity", "aria-sort"), "none");
    assert.equal(await focused(), "Package", "the focus stays");
  },
  async "severities, kinds and ignored ones are filtered"() {
    await page.click(".chip.critical");
    await page.click(".chip.low");
    assert.deepEqual(await visible(), ["django", "django"]);
    assert.equal(await page.getAttribute(".chip.low", "aria-pressed"), "true");
    await page.click(".chip.low");
    assert.deepEqual(await visible(), ["django"]);
    await page.click(".chip.critical");
    await page.selectOption("#kind", "transitive");
    assert.deepEqual(await visible(), ["evilpkg", "urllib3", "py"]);
    await page.selectOption("#dev", "no");
    assert.deepEqual(await visible(), ["evilpkg", "urllib3"]);
    await page.click(".chip.low");
    assert.deepEqual(await visible(), []);
    assert.ok(await displayed("#nothing"));
    await page.click("#clear");
    assert.equal((await visible()).length, 12);
    await page.uncheck("#accepted");
    assert.equal((await visible()).length, 10);
    assert.match(await page.textContent("#shown"), /^10 of 12 findings shown/);
  },
  async "a click on a row opens it and lights up its paths; a link in it does not fold it"() {
    await page.click("#finding-3 .package");
    assert.deepEqual(await open(), ["finding-3"]);
    assert.deepEqual(await lit(), ["-r requirements.in", "oldlib==2.0", "requests==2.25.1", "urllib3==1.26.5"]);
    const rel = await page.getAttribute("#detail-3 a", "rel");
    assert.match(rel, /noopener/);
    await page.click("#detail-3 .lead");
    assert.deepEqual(await open(), ["finding-3"]);
    await page.click("#finding-3 .package");
    assert.deepEqual(await open(), []);
    assert.deepEqual(await lit(), []);
  },
  async "a node opens its findings, one after the other"() {
    const django = page.locator("#canvas .node.critical");
    await django.focus();
    await page.keyboard.press("Enter");
    assert.deepEqual(await open(), ["finding-2"]);
    assert.deepEqual(await lit(), ["-r requirements.in", "django==4.2.1"]);
    await page.keyboard.press("Enter");
    assert.deepEqual(await open(), ["finding-2", "finding-4"]);
    assert.match(await hash(), /finding=4/);
    await page.check("#graph-paths");
    assert.equal(await page.locator("#canvas .node").count(), 2);
    await page.selectOption("#graph-place", { label: "dev-requirements.txt" });
    assert.deepEqual(await lit(), [], "what is selected stands elsewhere");
    assert.equal(await page.locator("#canvas .node").count(), 3);
  },
  async "all unfold and fold"() {
    await page.click("#all");
    assert.equal((await open()).length, 12);
    assert.equal(await page.textContent("#all"), "Fold all");
    await page.click("#all");
    assert.equal((await open()).length, 0);
  },
  async "light and dark follow the system until one is chosen"() {
    const ground = () => page.$eval("body", (it) => getComputedStyle(it).backgroundColor);
    const light = await ground();
    await page.emulateMedia({ colorScheme: "dark" });
    const dark = await ground();
    assert.notEqual(light, dark);
    await page.click("#theme");
    assert.equal(await ground(), light, "light is chosen");
    await page.click("#theme");
    assert.equal(await ground(), dark);
    await page.emulateMedia({ colorScheme: "light" });
    assert.equal(await ground(), dark, "dark is chosen");
    assert.equal(await hash(), "#theme=dark");
  },
  async "on paper everything is unfolded, without controls, and light"() {
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    assert.ok(await displayed("#detail-5"));
    assert.ok(!(await displayed(".bar")));
    assert.ok(!(await displayed("#theme")));
    assert.equal(await page.$eval("body", (it) => getComputedStyle(it).backgroundColor), "rgb(255, 255, 255)");
  },
  async "nothing is wider than a narrow screen"() {
    await page.setViewportSize({ width: 400, height: 800 });
    await page.click("#all");
    const [width, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(width <= room, `${width} of ${room}`);
  },
};

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  await page.emulateMedia({ media: "screen", colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.goto("about:blank");
  await page.goto(page_url);
  trouble.length = 0;
  try {
    await test();
    assert.deepEqual(trouble, [], "the console is silent, and nothing is asked for");
    console.log("ok      " + name);
  } catch (error) {
    failed += 1;
    console.log("FAILED  " + name + "\n" + error);
  }
}
await browser.close();
process.exitCode = failed ? 1 : 0;
