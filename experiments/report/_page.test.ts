import type { ExecutionContext } from 'ava';

/** What the tests of rendered pages read in them. */

export const sectionsOf = (page: string): string[] =>
  [...page.matchAll(/<section id="([a-z0-9-]+)"/g)].map(([, id]) => id);

/** The readable text of a part of the page. */
export const textOf = (markup: string): string =>
  markup
    .replaceAll(/<style>.*?<\/style>/gs, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll('&nbsp;', ' ')
    .replaceAll('&gt;', '>')
    .replaceAll(/\s+/g, ' ');

/** The markup of one section. */
export const markupOf = (page: string, id: string): string =>
  /<section id="ID".*?<\/section>/s.exec(page.replace(`id="${id}"`, 'id="ID"'))?.[0] ?? '';

export const section = (page: string, id: string): string => textOf(markupOf(page, id));

/** Every tag is one of ours, and its attributes hold no quote that was not escaped. */
export function onlyOurTags(t: ExecutionContext, page: string): void {
  t.notRegex(page, /<script|<b>|\u0000/);
  for (const [tag] of page.replace(/<style>.*?<\/style>/s, '').matchAll(/<[^>]*>/g)) {
    t.regex(tag, /^<(?:!doctype html|\/?[a-z][a-z0-9]*(?:\s+[a-zA-Z][\w:-]*(?:="[^"<>]*")?)*\s*\/?)>$/);
    t.notRegex(tag.replaceAll(/"[^"]*"/g, ''), /\son/);
  }
}
