/** Markup that may be placed on a page as it is. Only `html`, `raw` and the charts make it; strings are always escaped. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What a template takes: strings and numbers are escaped, lists are joined, undefined and false leave nothing. */
export type Part = Html | string | number | false | undefined | readonly Part[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** The replacement sign instead of control characters that HTML forbids. */
export function withoutControls(text: string): string {
  return text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '\ufffd');
}

/** Text for element content and quoted attributes. */
export function escape(text: string): string {
  return withoutControls(text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character]));
}

function flatten(part: Part): string {
  if (part instanceof Html) return part.text;
  if (part === undefined || part === false) return '';
  if (typeof part === 'string' || typeof part === 'number') return escape(String(part));
  return part.map(flatten).join('');
}

/** A template whose values are escaped unless they are markup already. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.map((text, i) => text + (i < parts.length ? flatten(parts[i]) : '')).join(''));
}

/** Markup from a text that is known to be safe: this folder's own constants and finished charts. */
export const raw = (text: string): Html => new Html(text);

export interface Column<Row> {
  readonly head: Part;
  readonly cell: (row: Row) => Part;
  /** Numbers are set to the right with figures of one width. The first column is the row's header. */
  readonly numeric?: boolean;
}

interface TableParts<Row> {
  readonly caption: string;
  /** Leaves the caption to screen readers where a heading says the same. */
  readonly hideCaption?: boolean;
  readonly columns: readonly Column<Row>[];
  /** Rows, in groups where a group has a heading. */
  readonly groups: readonly { readonly heading?: Part; readonly rows: readonly Row[] }[];
}

/** A table in a box of its own that scrolls sideways on narrow screens; the keyboard can scroll it too. */
export function table<Row>({ caption, hideCaption = false, columns, groups }: TableParts<Row>): Html {
  const kind = (column: Column<Row>): Html | undefined => (column.numeric === true ? raw(' class="n"') : undefined);
  const row = (record: Row): Html =>
    html`<tr>
      ${columns.map((column, c) =>
        c === 0
          ? html`<th scope="row">${column.cell(record)}</th>`
          : html`<td${kind(column)}>${column.cell(record)}</td>`,
      )}
    </tr> `;
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}">
    <table>
      <caption${hideCaption && raw(' class="unseen"')}>
        <span class="stay">${caption}</span>
      </caption>
      <thead>
        <tr>
          ${columns.map((column) => html`<th scope="col" ${kind(column)}>${column.head}</th>`)}
        </tr>
      </thead>
      ${groups.map(
        ({ heading, rows }) =>
          html`<tbody>
            ${
              heading !== undefined &&
              html`<tr class="group">
                <th scope="rowgroup" colspan="${columns.length}"><span class="stay">${heading}</span></th>
              </tr>`
            }
            ${rows.map(row)}
          </tbody>`,
      )}
    </table>
  </div>`;
}
