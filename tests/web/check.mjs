// Opens the HTML report in a real browser and fails, with words, on: a request that leaves the page, a refused style or
// script, an accessibility violation in the light or dark scheme, a broken anchor, a filter that does not filter, a
// report that needs its script, a page wider than a phone.
//
// usage: node check.mjs REPORT.html AXE.min.js CHROMIUM [SCREENSHOT-FOLDER]
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [report, axePath, executablePath, shots] = process.argv.slice(2);
if (!executablePath) {
  console.error("usage: node check.mjs REPORT.html AXE.min.js CHROMIUM [SCREENSHOT-FOLDER]");
  process.exit(2);
}
const address = pathToFileURL(path.resolve(report)).href;
const axe = await readFile(axePath, "utf8");
const faults = [];
const fail = (where, what) => faults.push(`${where}: ${what}`);
const wide = { width: 1440, height: 1000 };
const phone = { width: 390, height: 844 };

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });

/** Opens the report in a fresh context, with its requests and errors watched. */
async function open(where, options = {}, hash = "") {
  const context = await browser.newContext({ viewport: wide, colorScheme: "light", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(180_000); // a machine that does other work besides is slow, not wrong
  page.on("request", (r) => {
    if (!r.url().startsWith("data:") && r.url().split("#")[0] !== address) fail(where, `the page asked for ${r.url().slice(0, 120)}`);
  });
  page.on("console", (m) => {
    if (["error", "warning"].includes(m.type())) fail(where, `console ${m.type()}: ${m.text().slice(0, 300)}`);
  });
  page.on("pageerror", (e) => fail(where, `script error: ${e.message}`));
  page.on("dialog", (d) => {
    fail(where, `the page opened a dialog: ${d.message()}`);
    d.dismiss();
  });
  await page.goto(address + hash);
  await page.evaluate(() => document.fonts.ready);
  return { context, page };
}

async function picture(page, name, options = {}) {
  if (shots) await page.screenshot({ path: path.join(shots, `${name}.png`), ...options });
}

/** Accessibility: every axe rule of WCAG 2.2 AA and the best practices, with every list open. */
async function accessibility(where, options) {
  const { context, page } = await open(where, options);
  await page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
  // The debugger puts axe into the page, so that the page's own policy stays in force.
  await page.evaluate(axe);
  const found = await page.evaluate(() =>
    globalThis.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      resultTypes: ["violations"],
    }),
  );
  for (const v of found.violations) {
    fail(where, `axe ${v.id} (${v.impact}): ${v.help}; ${v.nodes.length} places`);
    for (const n of v.nodes.slice(0, 4)) faults.push(`    ${n.target.join(" ").slice(0, 160)}\n      ${n.html.slice(0, 200)}\n      ${(n.any[0] ?? n.all[0] ?? n.none[0])?.message ?? ""}`);
  }
  await context.close();
}

/** Text of figures against its ground: axe does not look into SVG. */
async function figureContrast(where, options) {
  const { context, page } = await open(where, options);
  const low = await page.evaluate(() => {
    const rgb = (c) => c.match(/[\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
    const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
    const paper = rgb(getComputedStyle(document.documentElement).backgroundColor);
    const out = [];
    for (const svg of document.querySelectorAll(".figure svg")) {
      const grounds = [...svg.querySelectorAll("rect")].map((r) => [r.getBoundingClientRect(), getComputedStyle(r).fill]).filter(([, f]) => f.startsWith("rgb"));
      for (const text of svg.querySelectorAll("text")) {
        const box = text.getBoundingClientRect();
        const under = grounds.filter(([r]) => r.left <= box.left && r.right >= box.right && r.top <= box.top + 2 && r.bottom >= box.bottom - 2).pop();
        const value = ratio(rgb(getComputedStyle(text.querySelector("tspan[fill]") ?? text).fill), under ? rgb(under[1]) : paper);
        if (value < 4.5) out.push(`${text.textContent.slice(0, 40)} ${value.toFixed(2)}`);
      }
    }
    return out;
  });
  for (const line of low.slice(0, 8)) fail(where, `figure text below 4.5:1: ${line}`);
  await context.close();
}

/** Every link inside the page has a target, no id occurs twice, nothing carries inline style or handlers. */
async function structure() {
  const { context, page } = await open("structure");
  const problems = await page.evaluate(() => {
    const out = [];
    for (const a of document.querySelectorAll("a[href]")) {
      const href = a.getAttribute("href");
      if (!href.startsWith("#")) out.push(`link leaves the page: ${href}`);
      else if (!document.getElementById(decodeURIComponent(href.slice(1)))) out.push(`no target for ${href}`);
    }
    const seen = new Set();
    for (const e of document.querySelectorAll("[id]")) {
      if (seen.has(e.id)) out.push(`id twice: ${e.id}`);
      seen.add(e.id);
    }
    for (const e of document.querySelectorAll("*")) {
      for (const { name } of e.attributes) if (name === "style" || name.startsWith("on")) out.push(`<${e.localName}> carries ${name}`);
    }
    for (const id of ["summary", "scope", "baa", "services", "crosswalk", "risks", "incident", "inventory", "sign-off", "evidence", "queries", "verify", "seal"]) if (!seen.has(id)) out.push(`no #${id}`);
    if (document.querySelectorAll("script").length !== 1) out.push("not exactly one script element");
    return out;
  });
  for (const p of [...new Set(problems)].slice(0, 30)) fail("structure", p);
  await context.close();
}

/** Filter by verdict and text; clear; links that win over the filter. */
async function filter() {
  const { context, page } = await open("filter");
  const rows = () => page.evaluate(() => [...document.querySelectorAll(".rows tbody > tr:has(> td)")].filter((r) => r.checkVisibility()).map((r) => r.parentElement.dataset.v));
  const say = () => page.textContent("#filter-status");
  const total = await page.locator(".rows tbody > tr:has(> td)").count();
  const failing = await page.locator('.rows tbody[data-v="not met"] > tr:has(> td)').count();

  await page.locator('#filter input[value="not met"]').check();
  const shown = await rows();
  if (shown.length !== failing || shown.some((v) => v !== "not met")) fail("filter", `"not met" shows ${shown.length} rows of ${failing}`);
  if (!(await say()).includes(`${failing.toLocaleString("en-US")} of ${total.toLocaleString("en-US")} result rows`)) fail("filter", `the live region says ${JSON.stringify(await say())}`);
  await picture(page, "filter-not-met");

  await page.locator("#filter button").click();
  if ((await say()) !== "") fail("filter", "the live region still speaks after a reset");
  if (await page.evaluate(() => [...document.querySelectorAll(".part")].some((p) => p.hidden))) fail("filter", "parts stay hidden after a reset");

  const arn = await page.evaluate(() => [...document.querySelectorAll(".rows tbody code")].map((c) => c.textContent).filter((t) => t.startsWith("arn:")).pop());
  if (arn) {
    await page.locator("#filter-text").fill(arn);
    await page.waitForFunction(() => document.querySelector("#filter-status").textContent !== "");
    const texts = await page.evaluate(() => [...document.querySelectorAll(".rows tbody > tr:has(> td)")].filter((r) => r.checkVisibility()).map((r) => r.textContent));
    if (texts.length === 0 || texts.some((t) => !t.includes(arn))) fail("filter", `text filter for ${arn} shows ${texts.length} rows, some of them others`);
    await picture(page, "filter-arn");
    await page.locator('.contents a[href="#verify"]').click();
    await page.waitForTimeout(200);
    if (!(await page.locator("#verify").isVisible())) fail("filter", "a link to a hidden part does not show it");
  }
  await page.locator("#filter-text").fill("no such thing anywhere");
  await page.waitForFunction(() => /\b0 of/.test(document.querySelector("#filter-status").textContent));
  if ((await rows()).length) fail("filter", "text that occurs nowhere still shows rows");
  await context.close();
}

/** Deep links open the list that holds their target. */
async function deepLinks() {
  for (const selector of [".check", "[id^=sql-]", "[id^=risk-]", "#evidence tr[id]", ".control"]) {
    const { context, page } = await open("deep link");
    const id = await page.evaluate((s) => [...document.querySelectorAll(s)].pop()?.id, selector);
    await context.close();
    if (!id) {
      fail("deep link", `nothing has an anchor: ${selector}`);
      continue;
    }
    const second = await open("deep link", {}, `#${encodeURIComponent(id)}`);
    const box = await second.page.evaluate((i) => {
      const r = document.getElementById(i).getBoundingClientRect();
      return { top: r.top, height: r.height, view: innerHeight };
    }, id);
    if (box.height === 0 || box.top < 0 || box.top > box.view) fail("deep link", `#${id} is not in view (${JSON.stringify(box)})`);
    await second.context.close();
  }
}

/** Without script: no filter, everything else. */
async function withoutScript() {
  const { context, page } = await open("without script", { javaScriptEnabled: false });
  if (await page.locator("#filter").isVisible()) fail("without script", "the filter is shown");
  if (!(await page.locator("#summary .board").isVisible())) fail("without script", "the board is not shown");
  await context.close();
}

/** The keyboard reaches the skip link first, then the filter and a closed list; focus is seen. */
async function keyboard() {
  const { context, page } = await open("keyboard");
  await page.keyboard.press("Tab");
  const first = await page.evaluate(() => [document.activeElement.className, document.activeElement.getBoundingClientRect().top, getComputedStyle(document.activeElement).outlineStyle]);
  if (first[0] !== "skip" || first[1] < 0 || first[2] === "none") fail("keyboard", `the first stop is not a visible skip link: ${first}`);
  await page.keyboard.press("Enter");
  if (!(await page.evaluate(() => location.hash === "#main"))) fail("keyboard", "the skip link does not go to the report");
  const closed = page.locator("details:not([open])").first();
  const list = await closed.elementHandle();
  await closed.locator("> summary").focus();
  await page.keyboard.press("Enter");
  if (!(await list.evaluate((details) => details.open))) fail("keyboard", "Enter does not open a list");
  await context.close();
}

/** A phone never scrolls sideways, with every list open, and every cell says what it is. */
async function narrow() {
  for (const width of [390, 320]) {
    const { context, page } = await open(`${width} px`, { viewport: { ...phone, width } });
    await page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (over > 0) {
      const who = await page.evaluate(() => [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll")).slice(0, 3).map((e) => `${e.localName}.${e.className}`));
      fail(`${width} px`, `the page is ${over} px too wide: ${who}`);
    }
    // Where the head of a table is hidden, its cells say what they are: all of the past, and the evidence of a result row. A resource
    // below the reason that it shares is all of its row.
    const mute = await page.evaluate(() => {
      const heads = [...document.querySelectorAll("thead")].filter((h) => getComputedStyle(h).display === "none");
      const cells = heads.flatMap((h) => [...h.closest("table").querySelectorAll("tbody td")]).filter((c) => c.closest(".past") || c.matches(":last-child:not([colspan])"));
      return heads.length === 0 ? ["no head is hidden"] : cells.filter((c) => getComputedStyle(c, "::before").content === "none").map((c) => c.textContent.slice(0, 40));
    });
    if (mute.length > 0) fail(`${width} px`, `${mute.length} cells do not say what they are: ${mute.slice(0, 3)}`);
    await context.close();
  }
}

async function screenshots() {
  for (const [name, options] of [["wide", {}], ["dark", { colorScheme: "dark" }], ["phone", { viewport: phone, deviceScaleFactor: 2 }], ["phone-dark", { viewport: phone, colorScheme: "dark", deviceScaleFactor: 2 }]]) {
    for (const id of ["", "summary", "services", "control-encryption-in-transit", "crosswalk", "risks", "incident", "evidence", "verify"]) {
      const { context, page } = await open("screenshots", options, id && `#${id}`);
      await picture(page, id ? `${name}-${id}` : name);
      await context.close();
    }
  }
  const { context, page } = await open("screenshots", { colorScheme: "dark" });
  await page.pdf({ path: path.join(shots, "print.pdf"), preferCSSPageSize: true, printBackground: false });
  await context.close();
}

if (shots) await mkdir(shots, { recursive: true });
// Two at a time: each context has a process of its own, and axe takes the longest.
await Promise.all([
  (async () => {
    await accessibility("light", { colorScheme: "light" });
    await accessibility("phone", { viewport: phone });
  })(),
  (async () => {
    await accessibility("dark", { colorScheme: "dark" });
    await structure();
    await figureContrast("light", { colorScheme: "light" });
    await figureContrast("dark", { colorScheme: "dark" });
    await filter();
    await deepLinks();
    await withoutScript();
    await keyboard();
    await narrow();
  })(),
]);
if (shots) await screenshots();
await browser.close();

for (const line of faults) console.log(line);
console.log(faults.length ? `${faults.length} problems` : "no problems");
process.exitCode = faults.length ? 1 : 0;
