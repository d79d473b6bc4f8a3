import type { Page } from 'playwright-core';

/**
 * What a reader without a mouse, without sight, with weak sight or with a small screen depends on, looked for in a real
 * browser. Each rule lists what breaks it, so that an empty list is a pass; WCAG 2.2 numbers stand beside the rules.
 */
export type Findings = Readonly<Record<string, readonly string[]>>;

/** Colours, and what text and marks stand on. */
const COLOURS = `
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
  const contrast = (one, other) => {
    const [a, b] = [light(rgba(one)), light(other)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };`;

/** Names of things for messages. */
const WORDS = `
  const all = (selector) => [...document.querySelectorAll(selector)];
  const words = (element) => element.textContent.trim().replace(/\\s+/g, ' ').slice(0, 40);
  const tag = (element) => element.tagName.toLowerCase() + (element.id ? '#' + element.id : '') + ' ' + words(element);
  const shown = (element) => element.getClientRects().length > 0;
  const repeated = (names) => names.filter((name, i) => names.indexOf(name) !== i);
  const label = (element) => {
    const by = element.getAttribute('aria-labelledby');
    return (by ? words(document.getElementById(by) ?? document.createElement('i')) : element.getAttribute('aria-label') ?? '').trim();
  };`;

const AUDIT = `(() => {
  for (const details of document.querySelectorAll('details')) details.open = true;
  ${COLOURS} ${WORDS}
  const found = {};

  // 1.1.1: every graphic has a name, or is left out for those who cannot see it.
  found.graphics = [
    ...all('svg').filter((e) => e.getAttribute('role') !== 'img' && e.getAttribute('aria-hidden') !== 'true'),
    ...all('[role="img"]').filter((e) => label(e) === ''),
    ...all('img:not([alt])'),
    ...all('svg[aria-hidden="true"]').filter((e) => e.getAttribute('focusable') !== 'false'),
  ].map(tag);

  // 1.3.1, 2.4.6: one h1 first, no level left out, none empty.
  const headings = all('h1,h2,h3,h4,h5,h6');
  const levels = headings.map((e) => Number(e.tagName[1]));
  found.headings = headings.filter((e, i) =>
    words(e) === '' || (i === 0) !== (levels[i] === 1) || (i > 0 && levels[i] > levels[i - 1] + 1)).map(tag);
  if (headings.length === 0) found.headings.push('none');

  // 1.3.1, 2.4.1: one main; all content in a landmark; regions have names, each its own.
  const regions = all('nav,section,aside,[role="region"]');
  found.landmarks = [
    ...(all('main').length === 1 ? [] : ['main: ' + all('main').length]),
    ...regions.filter((e) => label(e) === '').map((e) => 'no name: ' + tag(e)),
    ...repeated(regions.map(label)).map((name) => 'twice: ' + name),
    ...[...document.body.children].filter((e) => !e.matches('main,nav,header,footer,script,style')).map((e) => 'outside: ' + tag(e)),
  ];

  // 3.1.1, 2.4.2, 1.4.4: a language, a title, and nothing that forbids zooming.
  const viewport = document.querySelector('meta[name="viewport"]')?.content ?? '';
  found.document = [
    ...(/^[a-z]{2}/.test(document.documentElement.lang) ? [] : ['no language']),
    ...(document.title.trim() === '' ? ['no title'] : []),
    ...(/user-scalable|maximum-scale/.test(viewport) ? ['zooming is forbidden'] : []),
  ];

  // 1.3.1: tables have captions, all headers a scope, all rows a header and as many cells as there are columns.
  const width = (row) => [...row.cells].reduce((sum, cell) => sum + cell.colSpan, 0);
  found.tables = all('table').flatMap((table) => [
    ...((table.caption?.textContent ?? '').trim() === '' ? ['no caption: ' + tag(table)] : []),
    ...[...table.querySelectorAll('th:not([scope])')].map((e) => 'no scope: ' + tag(e)),
    ...[...table.rows].filter((row) => !row.querySelector('th')).map((e) => 'no header: ' + tag(e)),
    ...[...table.rows].filter((row) => width(row) !== width(table.rows[0])).map((e) => 'cells missing: ' + tag(e)),
  ]);

  // 2.4.4: links say where they go, and go there; one text, one target.
  const links = all('a[href]');
  found.links = [
    ...links.filter((e) => words(e) === '' || !document.querySelector(e.getAttribute('href'))),
    ...links.filter((e) => links.some((other) => other !== e && words(other) === words(e) && other.href !== e.href)),
  ].map(tag);

  // 4.1.2: ids are unique, and what is referred to exists.
  found.ids = [
    ...repeated(all('[id]').map((e) => e.id)),
    ...all('[aria-labelledby],[aria-describedby]').flatMap((e) =>
      [e.getAttribute('aria-labelledby'), e.getAttribute('aria-describedby')]
        .filter((id) => id !== null && !document.getElementById(id)).map((id) => 'missing: ' + id)),
  ];

  // 2.1.1: what scrolls can be focused and has a name; the order of focus is that of the page.
  const scrolls = (e) => e.scrollWidth > e.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(e).overflowX);
  found.keyboard = [
    ...all('body *').filter((e) => scrolls(e) && e.tabIndex !== 0).map((e) => 'cannot be scrolled: ' + tag(e)),
    ...all('[role="region"][tabindex]').filter((e) => label(e) === '').map((e) => 'no name: ' + tag(e)),
    ...all('[tabindex]').filter((e) => e.tabIndex > 0).map((e) => 'own order: ' + tag(e)),
  ];

  // 1.4.1: no meaning by colour alone.
  found.colourAlone = all('.badge').filter((e) => words(e) === '' || !e.querySelector('svg path')).map(tag);

  // 1.4.3: text against what is behind it.
  found.contrast = [];
  let looked = 0;
  for (const element of all('body *')) {
    const own = [...element.childNodes].filter((n) => n.nodeType === 3 && n.textContent.trim() !== '');
    if (own.length === 0 || element.getBoundingClientRect().width === 0) continue;
    const style = getComputedStyle(element);
    if (element.tagName === 'text' && style.stroke !== 'none') continue; // the halo behind a text
    looked++;
    const ratio = contrast(element.tagName === 'text' ? style.fill : style.color, behind(element));
    if (ratio < 4.5) found.contrast.push(ratio.toFixed(2) + ' ' + tag(element));
  }

  // 1.4.11: marks against the paper; grids and axes may be fainter, for nothing is read off them alone.
  const inks = new Set(all('svg[role="img"] *').filter(shown).flatMap((e) =>
    ['stroke', 'fill'].map((name) => e.getAttribute(name) ?? '').filter((v) => v.startsWith('var(--'))));
  const probe = document.body.appendChild(document.createElement('i'));
  found.marks = [...inks].filter((ink) => !/--(?:grid|axis|paper)\\)/.test(ink)).flatMap((ink) => {
    probe.style.color = ink;
    const ratio = contrast(getComputedStyle(probe).color, behind(document.body));
    return ratio < 3 ? [ink + ' ' + ratio.toFixed(2)] : [];
  });
  probe.remove();

  // Charts: texts neither on top of each other, nor off the page, nor too small to be read.
  found.chartTexts = all('svg[role="img"]').filter(shown).flatMap((svg) => {
    const frame = svg.getBoundingClientRect();
    const scale = frame.width / svg.viewBox.baseVal.width;
    const texts = [...svg.querySelectorAll('text')].map((e) => ({ e, box: e.getBoundingClientRect() }))
      .filter(({ box, e }) => box.width > 0 && getComputedStyle(e).stroke === 'none');
    const overlap = (a, b) =>
      Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4;
    return texts.flatMap(({ e, box }, i) => [
      ...texts.slice(0, i).filter((other) => overlap(box, other.box)).map((other) => 'overlap: ' + words(e) + ' and ' + words(other.e)),
      ...(box.left < 0 || box.right > innerWidth || box.left < frame.left - 24 || box.right > frame.right + 24 ? ['outside: ' + words(e)] : []),
      ...(parseFloat(getComputedStyle(e).fontSize) * scale < 9 ? ['too small: ' + words(e)] : []),
    ]);
  });

  // 2.5.8: what is pressed is at least 24 pixels high, unless it stands in a sentence.
  found.targets = all('nav a,summary').filter((e) => shown(e) && e.getBoundingClientRect().height < 24).map(tag);

  // 1.4.10: no sideways scrolling of the page.
  const wide = document.documentElement.scrollWidth - innerWidth;
  found.reflow = wide > 0 ? [wide + ' px too wide'] : [];
  return { found, looked, images: all('svg[role="img"]').filter(shown).length, tables: all('table').length };
})()`;

export interface Audit {
  readonly found: Findings;
  /** Texts whose contrast was looked at. */
  readonly looked: number;
  /** Visible charts. */
  readonly images: number;
  readonly tables: number;
}

/** Looks at a whole page, with everything unfolded. */
export async function audit(page: Page): Promise<Audit> {
  return page.evaluate<Audit>(AUDIT);
}

const FOCUSED = `(() => {
  ${COLOURS} ${WORDS}
  const e = document.activeElement;
  if (e === null || e === document.body || e.dataset.seen === 'yes') return undefined;
  e.dataset.seen = 'yes';
  const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(e);
  const seen = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 && contrast(outlineColor, behind(e.parentElement)) >= 3;
  return { what: tag(e), seen };
})()`;

const FOCUSABLE = `document.querySelectorAll('details').forEach((e) => (e.open = true)),
  [...document.querySelectorAll('a[href],summary,[tabindex="0"]')].filter((e) => e.getClientRects().length > 0).length`;

/**
 * Goes through a page with the Tab key (2.1.1, 2.1.2, 2.4.7).
 *
 * @returns how many places were reached of how many there are, and those where one cannot see that one is there
 */
export async function tabThrough(page: Page): Promise<{ reached: number; focusable: number; unseen: string[] }> {
  const focusable = await page.evaluate<number>(FOCUSABLE);
  const unseen: string[] = [];
  let reached = 0;
  for (let step = 0; step <= focusable; step++) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate<{ what: string; seen: boolean } | undefined>(FOCUSED);
    if (focused === undefined) break;
    reached++;
    if (!focused.seen) unseen.push(focused.what);
  }
  return { reached, focusable, unseen };
}
