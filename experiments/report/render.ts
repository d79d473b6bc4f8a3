import type { ReportDocument } from '../contract.js';
import { html, raw, type Html } from './html.js';
import type { Section } from './parts.js';
import { abSections } from './sections/ab/test.js';
import { agreementsSection } from './sections/agreements.js';
import { answerHeader } from './sections/answer.js';
import { assumptionsSection } from './sections/assumptions.js';
import { comparisonsSection } from './sections/comparisons.js';
import { curvesSection } from './sections/curves.js';
import { designsSection } from './sections/designs.js';
import { estimatesSection } from './sections/estimates.js';
import { learnedWeightsSection } from './sections/learned-weights.js';
import { liftsSection } from './sections/lifts.js';
import { logSizesSection } from './sections/log-sizes.js';
import { modelsSection } from './sections/models.js';
import { overlapSection } from './sections/overlap.js';
import { policiesSection } from './sections/policies.js';
import { powerSection } from './sections/power.js';
import { provenanceSection } from './sections/provenance.js';
import { realismSection } from './sections/realism.js';
import { rolloutsSection } from './sections/rollouts.js';
import { segmentsSection } from './sections/segments.js';
import { STYLE } from './style.js';

/** Nothing is loaded and nothing runs: a report can be mailed and opened anywhere. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/**
 * Draws a report as one HTML file: no scripts, no other files, no network. The same document gives the same bytes.
 * Sections without content are left out.
 */
export async function renderReport(document: ReportDocument): Promise<string> {
  const found = await Promise.all([
    liftsSection(document),
    learnedWeightsSection(document),
    abSections(document),
    agreementsSection(document),
    designsSection(document),
    powerSection(document),
    policiesSection(document),
    comparisonsSection(document),
    estimatesSection(document),
    overlapSection(document),
    Promise.resolve(logSizesSection(document)),
    realismSection(document),
    modelsSection(document),
    segmentsSection(document),
    curvesSection(document),
    rolloutsSection(document),
  ]);
  const judged = found.flat().filter((section) => section !== undefined);
  const terms = ['verdict', ...judged.flatMap(({ terms: keys }) => keys)];
  const sections = [...judged, assumptionsSection(document, terms), provenanceSection(document)];
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="generator" content="recsys-gym ${document.provenance.codeVersion}" />
        <link rel="icon" href="data:," />
        <title>${document.question}</title>
        <style>
          ${raw(STYLE)}
        </style>
      </head>
      <body>
        <main>${answerHeader(document)} ${contents(sections)} ${sections.map(sectionMarkup)}</main>
        <footer>recsys-gym ${document.provenance.codeVersion}, report ${document.id}</footer>
      </body>
    </html> `;
  return page.text;
}

function contents(sections: readonly Section[]): Html {
  return html`<nav aria-label="Contents">
    <ul>
      ${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}
    </ul>
  </nav>`;
}

function sectionMarkup({ id, title, body }: Section): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    ${body}
  </section>`;
}
