import test from 'ava';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { sampleReport } from './_fixture.test.js';
import { renderReport } from './render.js';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const ARGUMENTS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** The page in a fresh browser context; everything it asks for or complains about is kept. */
async function open(
  browser: Browser,
  path: string,
  options: { readonly width: number; readonly scheme: 'light' | 'dark' },
): Promise<{ page: Page; noise: string[] }> {
  const page = await browser.newPage({
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

/** Runs in the page: every visible text whose contrast with what is behind it is below 4.5 (WCAG 2, AA). */
const LOW_CONTRAST = `(() => {
  for (const details of document.querySelectorAll('details')) details.open = true;
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgba(getComputedStyle(e).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const low = [];
  let looked = 0;
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].filter((n) => n.nodeType === 3 && n.textContent.trim() !== '');
    const box = element.getBoundingClientRect();
    if (own.length === 0 || box.width === 0) continue;
    const style = getComputedStyle(element);
    if (element.tagName === 'text' && style.stroke !== 'none') continue; // the halo behind a text
    looked++;
    const ink = rgba(element.tagName === 'text' ? style.fill : style.color);
    const [a, b] = [light(ink), light(behind(element))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) low.push(contrast.toFixed(2) + ' ' + element.tagName + ' ' + own[0].textContent.trim().slice(0, 40));
  }
  return { low, looked };
})()`;

/** Runs in the page: what a reader without a mouse or without sight depends on. */
const STRUCTURE = `(() => {
  const shown = (element) => element.getClientRects().length > 0;
  const tables = [...document.querySelectorAll('table')];
  return {
    unlabelled: [...document.querySelectorAll('[role="img"]')].filter((e) => !(e.getAttribute('aria-label') ?? '').trim()).length,
    images: [...document.querySelectorAll('[role="img"]')].filter(shown).length,
    bareGraphics: [...document.querySelectorAll('svg')].filter((e) => e.getAttribute('role') !== 'img' && e.getAttribute('aria-hidden') !== 'true').length,
    headings: [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((e) => Number(e.tagName[1])),
    tablesWithoutCaption: tables.filter((e) => !e.caption || e.caption.textContent.trim() === '').length,
    headersWithoutScope: document.querySelectorAll('th:not([scope])').length,
    tables: tables.length,
    deadLinks: [...document.querySelectorAll('a')].filter((e) => !document.querySelector(e.getAttribute('href'))).length,
    repeatedIds: [...document.querySelectorAll('[id]')].map((e) => e.id).filter((id, i, all) => all.indexOf(id) !== i),
    landmarks: document.querySelectorAll('main').length,
    language: document.documentElement.lang,
    title: document.title,
    boxes: [...document.querySelectorAll('.scroll')].every((e) => e.tabIndex === 0 && e.getAttribute('aria-label')),
  };
})()`;

interface Structure {
  readonly unlabelled: number;
  readonly images: number;
  readonly bareGraphics: number;
  readonly headings: readonly number[];
  readonly tablesWithoutCaption: number;
  readonly headersWithoutScope: number;
  readonly tables: number;
  readonly deadLinks: number;
  readonly repeatedIds: readonly string[];
  readonly landmarks: number;
  readonly language: string;
  readonly title: string;
  readonly boxes: boolean;
}

test('a report in a real browser', async (t) => {
  if (!existsSync(CHROMIUM)) {
    t.log(`skipped: no Chromium at ${CHROMIUM}; install it, or name one in CHROMIUM.`);
    t.pass();
    return;
  }
  t.timeout(120_000);
  const folder = await mkdtemp(join(tmpdir(), 'recsys-gym-report-'));
  const path = join(folder, 'report.html');
  await writeFile(path, await renderReport(sampleReport()));
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
  try {
    for (const [width, scheme] of [
      [1200, 'light'],
      [1200, 'dark'],
      [360, 'light'],
      [360, 'dark'],
    ] as const) {
      const at = `${width} px, ${scheme}`;
      const { page, noise } = await open(browser, path, { width, scheme });
      const scrolls = await page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth');
      t.true(scrolls <= 0, `${at}: the page is ${scrolls} px too wide`);
      const { low, looked } = await page.evaluate<{ low: string[]; looked: number }>(LOW_CONTRAST);
      t.deepEqual(low, [], at);
      t.true(looked > 300, `${at}: looked at ${looked} texts`);
      t.deepEqual(noise, [], at);
      const structure = await page.evaluate<Structure>(STRUCTURE);
      t.like(structure, {
        ...{ unlabelled: 0, bareGraphics: 0, tablesWithoutCaption: 0, headersWithoutScope: 0, deadLinks: 0 },
        ...{ repeatedIds: [], landmarks: 1, language: 'en', title: sampleReport().question, boxes: true },
      });
      t.true(structure.images >= 12 && structure.tables >= 8, at);
      t.is(structure.headings[0], 1);
      t.is(structure.headings.filter((level) => level === 1).length, 1);
      t.true(
        structure.headings.every((level, i, all) => i === 0 || level <= all[i - 1] + 1),
        'headings in order',
      );
      await page.close();
    }
    const { page } = await open(browser, path, { width: 360, scheme: 'light' });
    const scroll = await page.evaluate<number>('window.scrollX = 0, document.querySelector(".scroll").scrollWidth');
    t.true(scroll > 360, 'wide tables scroll in a box of their own');
    await page.close();
  } finally {
    await browser.close();
    await rm(folder, { recursive: true });
  }
});
