import type { TopLevelSpec } from 'vega-lite';
import { Html, escape, withoutControls } from '../html.js';

/**
 * Draws vega-lite specs as SVG without a browser, a canvas or a clock: the same spec gives the same bytes. Colours are
 * the page's CSS variables, so that one drawing serves the light and the dark scheme.
 */

export type Spec = Extract<TopLevelSpec, { readonly layer: unknown }>;
export type Layer = Spec['layer'][number];
type Unit = Exclude<Layer, { readonly layer: unknown }>;
type Mark = Unit['mark'];
export type Encoding = NonNullable<Unit['encoding']>;

/** Colours by role; style.ts gives them their values in both schemes. */
export const INK = {
  text: 'var(--muted)',
  axis: 'var(--axis)',
  grid: 'var(--grid)',
  main: 'var(--series-1)',
  quiet: 'var(--quiet)',
  truth: 'var(--truth)',
  logged: 'var(--logged)',
  limit: 'var(--bad)',
  stop: 'var(--ink)',
} as const;

/** Dash patterns, so that no line is told from another by its colour alone. */
export const DASH = { logged: [5, 3], truth: [1.5, 2.5] } as const;

/** Width on a phone and beside other charts; text is drawn at its natural size there. */
export const NARROW = 304;
/** Width where a chart has the page to itself. */
const WIDE = 920;

const CONFIG: NonNullable<Spec['config']> = {
  aria: false,
  background: 'transparent',
  padding: 2,
  view: { stroke: null },
  text: { fill: INK.text, fontSize: 11 },
  axis: {
    labelColor: INK.text,
    titleColor: INK.text,
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 'normal',
    titlePadding: 6,
    gridColor: INK.grid,
    domainColor: INK.axis,
    tickColor: INK.axis,
    tickSize: 4,
    labelPadding: 4,
    labelLimit: 220,
    labelFlush: false,
  },
};

/** Text that stays readable where lines pass behind it: the same text twice, first as a halo of the paper's colour. */
export function haloText(
  values: readonly object[],
  mark: Exclude<Mark, string> & { readonly type: 'text' },
  encoding: Encoding,
): Layer[] {
  return [
    ...layer(values, { ...mark, stroke: 'var(--paper)', strokeWidth: 4 }, encoding),
    ...layer(values, mark, encoding),
  ];
}

/** Ticks with k, M and G, each on its own: vega would give all ticks one prefix. */
export const SHORT_TICKS = "replace(format(datum.value, '~s'), '-', '−')";

/** Ticks as they are, and short ones where they would take the room of the chart. */
export const PLAIN_TICKS = `abs(datum.value) < 1e6 ? datum.label : ${SHORT_TICKS}`;

/** Shares of 1 in percent. */
export const PERCENT_TICKS = "replace(format(100 * datum.value, '.6~g'), '-', '−') + ' %'";

/** One kind of mark with its own data; without data there is nothing to draw. */
export function layer(values: readonly object[], mark: Mark, encoding: Encoding): Layer[] {
  return values.length === 0 ? [] : [{ data: { values: [...values] }, mark, encoding }];
}

/**
 * One chart for people who see it and, as `label`, for those who do not.
 *
 * @param label what the chart shows, with its key numbers
 */
export async function draw(spec: Spec, label: string): Promise<Html> {
  const [vega, { compile }] = await Promise.all([import('vega'), import('vega-lite')]);
  measureTextByTable(vega);
  const compiled = compile({ autosize: { type: 'fit-x', contains: 'padding' }, ...spec, config: CONFIG });
  const view = new vega.View(vega.parse(compiled.spec), { renderer: 'none', logLevel: vega.Error });
  const svg = await view.toSVG();
  view.finalize();
  return new Html(slim(svg, label));
}

/** A chart drawn twice, for wide and for narrow pages; the style sheet shows one of them. */
export async function drawBoth(spec: (width: number) => Spec, label: string): Promise<Html> {
  const [wide, narrow] = await Promise.all([draw(spec(WIDE), label), draw(spec(NARROW), label)]);
  return new Html(`<div class="when-wide">${wide.text}</div><div class="when-narrow">${narrow.text}</div>`);
}

/** Vega asks a canvas how wide a text is where one is installed; a table gives the same answer everywhere. */
function measureTextByTable(vega: object): void {
  if (!('textMetrics' in vega) || typeof vega.textMetrics !== 'object' || vega.textMetrics === null) return;
  Object.assign(vega.textMetrics, {
    width: (
      { fontSize = 11, limit = 0 }: { readonly fontSize?: number; readonly limit?: number },
      text: unknown,
    ): number => Math.min(textWidth(String(text), fontSize), limit > 0 ? limit : Infinity),
  });
}

/** About how wide a text will be, in pixels. */
export function textWidth(text: string, fontSize: number): number {
  let ems = 0;
  for (const character of text) {
    if (/[ijlt.,:;|!'()[\]f ]/.test(character)) ems += 0.34;
    else if (/[mwMW%@]/.test(character)) ems += 0.92;
    else if (/[<>=+~&]/.test(character)) ems += 0.84;
    else if (/[A-Z]/.test(character)) ems += 0.7;
    else ems += character < '\u1100' ? 0.58 : 1;
  }
  return ems * fontSize;
}

const NEEDLESS =
  / (?:class|role|aria-[a-z]+|pointer-events|font-family|version|xmlns(?::xlink)?|stroke-miterlimit)="[^"]*"| opacity="1"/g;

/** Leaves out what a page does not need (classes, invisible marks) and gives the drawing its role and label. */
function slim(svg: string, label: string): string {
  const size = /^<svg[^>]* viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg);
  const [width, height] = size === null ? ['0', '0'] : [size[1], size[2]];
  return withoutControls(svg)
    .replaceAll(/<path [^>]*(?:display="none"|d="M0,0h0v0h0Z")[^>]*\/>/g, '')
    .replaceAll(/<text [^>]*opacity="0"[^>]*>[^<]*<\/text>/g, '')
    .replaceAll(/<[a-z][^>]*>/g, (tag) => tag.replaceAll(NEEDLESS, ''))
    .replace(
      /^<svg[^>]*>/,
      `<svg role="img" aria-label="${escape(label)}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    );
}
