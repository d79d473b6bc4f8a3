import type { AbSection } from '../../../ab/contract.js';
import type { ReportDocument } from '../../../contract.js';
import { html } from '../../html.js';
import { count } from '../../numbers.js';
import { badge, capitalised, facts, type Section } from '../../parts.js';
import { cupedPiece } from './cuped.js';
import { effectsPiece } from './effects.js';
import { guardrailsPiece } from './guardrails.js';
import { looksPiece } from './looks.js';
import { segmentsPiece } from './segments.js';
import { splitPiece } from './split.js';
import { levelText, plural } from './words.js';

/** One section per A/B test. */
export async function abSections({ abTests = [] }: ReportDocument): Promise<Section[]> {
  return Promise.all(
    abTests.map((test, i) => oneTest(test, i === 0 ? 'ab' : `ab-${i + 1}`, abTests.length > 1 ? `, ${test.name}` : '')),
  );
}

async function oneTest(test: AbSection, id: string, suffix: string): Promise<Section> {
  const named = { test, suffix };
  const found = [
    splitPiece(named),
    await effectsPiece(named),
    await guardrailsPiece(named),
    await looksPiece(named),
    cupedPiece(named),
    await segmentsPiece(named),
  ];
  const pieces = found.filter((piece) => piece !== undefined);
  const { verdict, reasons, assumptions, arms, unit, control, level } = test;
  return {
    id,
    title: `A/B test: ${test.name}`,
    terms: ['verdict', ...pieces.flatMap(({ terms }) => terms)],
    body: [
      html`<div class="finding ${verdict}">
        <p>${badge(verdict)}</p>
        ${
          reasons.length > 0 &&
          html`<ul>
            ${reasons.map((reason) => html`<li>${reason}</li>`)}
          </ul>`
        }
      </div>`,
      facts([
        ['Control', control],
        ['Against it', arms.flatMap(({ name }) => (name === control ? [] : name)).join(', ') || 'nothing'],
        ['Randomised', `by ${unit}`],
        [capitalised(plural(unit)), count(arms.reduce((sum, { units }) => sum + units, 0))],
        ['Level', levelText(level)],
      ]),
      pieces.map(({ title, body }) => [html`<h3>${title}</h3>`, body]),
      assumptions.length > 0 &&
        html`<h3>What has to hold</h3>
          <ul class="plain">
            ${assumptions.map((assumption) => html`<li>${assumption}</li>`)}
          </ul>`,
    ],
  };
}
