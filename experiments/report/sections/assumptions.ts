import type { ReportDocument } from '../../contract.js';
import { html, type Html } from '../html.js';
import { estimatorTerm, inLegendOrder, term } from '../legend.js';
import type { Section } from '../parts.js';

/** What must hold for the numbers above to mean what they say, and what the words mean. */
export function assumptionsSection(document: ReportDocument, terms: readonly string[]): Section {
  const used = new Set([
    ...document.policies.flatMap(({ estimates }) => Object.keys(estimates)),
    ...document.comparisons.map(({ estimator }) => estimator),
  ]);
  const estimators = inLegendOrder(used);
  return {
    id: 'assumptions',
    title: estimators.length > 0 ? 'Assumptions and terms' : 'Terms',
    terms: [],
    body: [
      estimators.length > 0 &&
        html`<h3>What each estimator assumes</h3>
          <dl class="legend">${estimators.map(estimatorEntry)}</dl>`,
      terms.length > 0 &&
        html`${estimators.length > 0 && html`<h3>Terms</h3>`}
          <dl class="legend">${[...new Set(terms)].map(termEntry)}</dl>`,
    ],
  };
}

function estimatorEntry(key: string): Html {
  const { short, name, meaning, assumes } = estimatorTerm(key);
  return html`<div>
    <dt>${short}${name !== short && html`<small>${name}</small>`}</dt>
    <dd>
      ${meaning}
      <p>${assumes}</p>
    </dd>
  </div>`;
}

function termEntry(key: string): Html {
  const { name, meaning, unit } = term(key);
  return html`<div>
    <dt>${name}${unit !== undefined && html`<small>${unit}</small>`}</dt>
    <dd>${meaning}</dd>
  </div>`;
}
