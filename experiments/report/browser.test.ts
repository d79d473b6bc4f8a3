import test, { type ExecutionContext } from 'ava';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { audit, tabThrough } from './_accessibility.test.js';
import { mixedReport, sampleAbReport } from './_fixture-ab.test.js';
import { nastyAbReport } from './_fixture-nasty.test.js';
import { liftReport } from './_fixture-lifts.test.js';
import { realismReport } from './_fixture-realism.test.js';
import { sampleReport } from './_fixture.test.js';
import { renderReport } from './render.js';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const ARGUMENTS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];
const VIEWS = [
  [1200, 'light'],
  [1200, 'dark'],
  [360, 'light'],
  [360, 'dark'],
  [840, 'light'],
] as const;

let browser: Browser | undefined;
let folder = '';
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recsys-gym-report-'));
  if (existsSync(CHROMIUM)) browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
});
test.after.always(async () => {
  await browser?.close();
  await rm(folder, { recursive: true });
});

/** Runs in a browser where there is one; says why not where there is none. */
async function inBrowser(t: ExecutionContext, look: (there: Browser) => Promise<void>): Promise<void> {
  if (browser === undefined) {
    t.log(`skipped: no Chromium at ${CHROMIUM}; install it, or name one in CHROMIUM.`);
    t.pass();
    return;
  }
  t.timeout(120_000);
  await look(browser);
}

/** The page in a fresh browser context; everything it asks for or complains about is kept. */
async function open(
  there: Browser,
  path: string,
  options: { readonly width: number; readonly scheme: 'light' | 'dark' },
): Promise<{ page: Page; noise: string[] }> {
  const page = await there.newPage({
    viewport: { width: options.width, height: 800 },
    colorScheme: options.scheme,
  });
  const noise: string[] = [];
  const url = pathToFileURL(path).href;
  page.on('console', (message) => noise.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => noise.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (request.url() !== url && !request.url().startsWith('data:')) noise.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  return { page, noise };
}

const DOCUMENTS = [
  { name: 'of a log', document: sampleReport(), views: VIEWS, least: { images: 12, tables: 8, looked: 300 } },
  { name: 'of an A/B test', document: sampleAbReport(), views: VIEWS, least: { images: 14, tables: 12, looked: 500 } },
  {
    name: 'of both',
    document: mixedReport(),
    views: VIEWS.slice(0, 1),
    least: { images: 26, tables: 20, looked: 800 },
  },
  {
    name: 'of nasty names',
    document: nastyAbReport(),
    views: VIEWS.slice(3, 4),
    least: { images: 14, tables: 20, looked: 500 },
  },
  {
    name: 'of judged simulators',
    document: realismReport(),
    views: [VIEWS[0], VIEWS[3]],
    least: { images: 12, tables: 12, looked: 500 },
  },
  {
    name: 'of lifts',
    document: liftReport(),
    views: VIEWS,
    least: { images: 2, tables: 4, looked: 60 },
  },
];

for (const { name, document, views, least } of DOCUMENTS) {
  test.serial(`a report ${name} in a real browser`, (t) =>
    inBrowser(t, async (there) => {
      const path = join(folder, `${name.replaceAll(/\W+/g, '-')}.html`);
      await writeFile(path, await renderReport(document));
      for (const [width, scheme] of views) {
        const at = `${width} px, ${scheme}`;
        const { page, noise } = await open(there, path, { width, scheme });
        const { found, ...seen } = await audit(page);
        for (const [rule, broken] of Object.entries(found)) t.deepEqual(broken, [], `${rule} at ${at}`);
        t.true(
          seen.images >= least.images && seen.tables >= least.tables && seen.looked >= least.looked,
          JSON.stringify(seen),
        );
        t.deepEqual(noise, [], at);
        await page.close();
      }
    }),
  );
}

test.serial('the keyboard reaches everything that can be pressed or scrolled, and shows where it is', (t) =>
  inBrowser(t, async (there) => {
    const path = join(folder, 'keyboard.html');
    await writeFile(path, await renderReport(sampleAbReport()));
    const { page } = await open(there, path, { width: 360, scheme: 'light' });
    const wide = await page.evaluate<number>('document.querySelector(".scroll").scrollWidth');
    t.true(wide > 360, 'wide tables scroll in a box of their own');
    const { reached, focusable, unseen } = await tabThrough(page);
    t.is(reached, focusable);
    t.true(reached > 12);
    t.deepEqual(unseen, []);
  }),
);

/** A page that breaks every rule of the audit. */
const BROKEN = `<!doctype html><html><head><meta name="viewport" content="width=device-width, maximum-scale=1"></head>
  <body><div>outside</div><nav><a href="#none"></a></nav><section><h3>late</h3></section><p id="a" style="color:#999">pale</p><i id="a"></i>
  <div tabindex="3" style="overflow-x:auto;width:50px"><b style="display:block;width:500px;height:9px"></b></div><span class="badge">red</span>
  <table><tr><td>1</td><th>2</th></tr><tr><td>3</td></tr></table><div style="width:3000px;height:1px"></div>
  <svg></svg><svg role="img" viewBox="0 0 100 50" width="100" height="50"><text x="5" y="20" font-size="5">one text</text>
  <text x="6" y="21" font-size="5">on another</text><path style="" stroke="var(--faint)" d="M0,0h9"></path></svg>
  <style>:root{--faint:#eee} nav a{display:block;height:5px} :focus{outline:none}</style></body></html>`;

test.serial('the audit finds what it looks for', (t) =>
  inBrowser(t, async (there) => {
    const path = join(folder, 'broken.html');
    await writeFile(path, BROKEN);
    const { page } = await open(there, path, { width: 360, scheme: 'light' });
    const { found } = await audit(page);
    for (const [rule, broken] of Object.entries(found)) t.true(broken.length > 0, rule);
    const { unseen } = await tabThrough(page);
    t.true(unseen.length > 0);
  }),
);
