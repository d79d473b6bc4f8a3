import type { Estimate, Verdict } from '../contract.js';
import { html, raw, type Html, type Part } from './html.js';
import { fixed, range, type Writing } from './numbers.js';

/** One part of the page. */
export interface Section {
  /** Anchor and entry of the contents. */
  readonly id: string;
  readonly title: string;
  readonly body: Part;
  /** Keys of the terms (legend.ts) that its tables use. */
  readonly terms: readonly string[];
}

const ICONS: Readonly<Record<Verdict, string>> = {
  supported: '<circle cx="8" cy="8" r="7"/><path d="M4.7 8.3l2.2 2.2 4.4-4.8"/>',
  weak: '<path d="M8 1.3 15 14H1Z"/><path d="M8 6v4M8 11.9v.1"/>',
  unsupported: '<path d="M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1Z"/><path d="M5.5 5.5l5 5M10.5 5.5l-5 5"/>',
};

/** A verdict, or another word of its kind, as shape and word; its colour says nothing that they do not. */
export function badge(verdict: Verdict, word: string = verdict): Html {
  return html`<span class="badge ${verdict}"
    ><svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">${raw(ICONS[verdict])}</svg>${word}</span
  >`;
}

/** An empty cell that is empty on purpose. */
export const NOTHING = html`<span class="grey">—</span>`;

/** A verdict and, where it is not the best, why. */
export function verdictCell(verdict: Verdict, reasons: readonly string[]): Html {
  return html`${badge(verdict)}${verdict !== 'supported' && reasons.map((reason) => html`<small>${reason}</small>`)}`;
}

/** The value of an estimate: "refused" where there is none, grey where nothing says how sure it is. */
export function valueOf(estimate: Estimate | undefined, decimals: number, write = fixed): Part {
  if (estimate === undefined) return NOTHING;
  if (estimate.value === null) return html`<span class="refused">refused</span>`;
  const text = write(estimate.value, decimals);
  return estimate.interval === null ? html`<span class="grey" title="without an interval">${text}</span>` : text;
}

/** The interval of an estimate, or that there is none. */
export function intervalOf(estimate: Estimate | undefined, decimals: number): Part {
  if (estimate === undefined || estimate.value === null) return NOTHING;
  if (estimate.interval === null) return html`<span class="grey">none</span>`;
  return range(estimate.interval, decimals);
}

/** Why an estimate was refused, which evaluations keep as its method. */
export const refusalOf = ({ method }: Estimate): string | undefined => /^refused: (.*)$/s.exec(method)?.[1];

/** The value with its interval below it, or "refused" with the reason. */
export function withInterval(estimate: Estimate | undefined, { value, range: pair }: Writing): Html {
  const below = estimate && (estimate.interval === null ? refusalOf(estimate) : pair(estimate.interval));
  return html`${valueOf(estimate, 0, value)}${below !== undefined && html`<small>${below}</small>`}`;
}

/** How the intervals of a table were made, where that does not differ from row to row. */
export function intervalMethods(estimates: readonly Estimate[]): Html | false {
  const methods = new Set(estimates.flatMap(({ interval, method }) => (interval === null ? [] : method)));
  return methods.size > 0 && html`<p class="note">Intervals: ${[...methods].join('; ')}.</p>`;
}

/** An estimate for people who cannot see its chart: "0.0512, interval 0.0488 to 0.0536". */
export function spoken(estimate: Estimate | undefined, decimals: number | Writing): string {
  if (estimate === undefined) return 'not estimated';
  if (estimate.value === null) return 'refused';
  const { value, range: pair } =
    typeof decimals === 'number'
      ? { value: (n: number) => fixed(n, decimals), range: (ends: readonly [number, number]) => range(ends, decimals) }
      : decimals;
  return `${value(estimate.value)}, ${estimate.interval === null ? 'no interval' : `interval ${pair(estimate.interval)}`}`;
}

/** A chart with its caption and the keys to its marks. */
export function figure(chart: Html, caption: Part, keys: readonly Html[] = []): Html {
  return html`<figure>
    ${chart}
    <figcaption>${caption} ${keys.length > 0 && html`<span class="keys">${keys}</span>`}</figcaption>
  </figure>`;
}

/** Names and values in two columns. */
export function facts(pairs: readonly (readonly [Part, Part])[]): Html {
  return html`<dl class="facts">
    ${pairs.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

/** One letter larger, for the beginning of a sentence. */
export const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
