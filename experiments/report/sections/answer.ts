import type { ReportDocument } from '../../contract.js';
import { html, type Html } from '../html.js';
import { count } from '../numbers.js';
import { badge, capitalised, facts } from '../parts.js';
import { armText, plural } from './ab/words.js';

/** The first screen: the question, the verdict, the answer in one sentence, and why. */
export function answerHeader(document: ReportDocument): Html {
  const { question, answer, data, provenance, id } = document;
  const { seeds } = provenance;
  return html`<header>
    <p class="kicker">${id}</p>
    <h1>${question}</h1>
    <div class="answer ${answer.verdict}">
      <p>${badge(answer.verdict)}</p>
      <p class="sentence">${answer.sentence}</p>
      ${
        answer.reasons.length > 0 &&
        html`<ul>
          ${answer.reasons.map((reason) => html`<li>${reason}</li>`)}
        </ul>`
      }
    </div>
    ${facts([
      ...(data === undefined
        ? []
        : ([
            ['Log', data.source],
            ['Rounds', count(data.rows)],
            ['Actions', count(data.actions)],
            ['Reward', html`<code>${data.rewardFormula}</code>`],
          ] as const)),
      ...testFacts(document),
      ...(seeds.length === 0
        ? []
        : ([
            [seeds.length === 1 ? 'Seed' : 'Seeds', seeds.length > 6 ? `${seeds.length} seeds` : seeds.join(', ')],
          ] as const)),
    ])}
  </header>`;
}

/** The size of the A/B test, or how many there are. */
function testFacts({ abTests = [] }: ReportDocument): (readonly [string, string])[] {
  if (abTests.length === 0) return [];
  if (abTests.length > 1) return [['A/B tests', count(abTests.length)]];
  const [test] = abTests;
  const { arms, unit } = test;
  return [
    [capitalised(plural(unit)), count(arms.reduce((sum, { units }) => sum + units, 0))],
    ['Arms', arms.map(({ name }) => armText(name, test)).join(', ')],
  ];
}
