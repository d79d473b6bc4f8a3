import { expectNumber } from '../../../core/check.js';
import { startBackend } from '../../../core/tensor/backend.js';
import type { Study, StudyResult } from '../study.js';
import { inWords, meanOf, pairedOf } from '../../preference/paired.js';
import { ask, DPO, HPO, MARGIN, MARGIN2, tryMethod } from './tabular.js';

const METHODS = [HPO, DPO, MARGIN, MARGIN2];

interface Cell {
  readonly pairs: number;
  readonly correlation: number;
  /** J by method, one number per world. */
  readonly objective: readonly (readonly number[])[];
}

/** H4: data size × correlation, and who wins where. */
export const hpoGrid: Study = {
  summary: 'HPO: number of comparisons × correlation of people and designer; says where the margin method wins (H4)',
  settings: {
    worlds: { value: 8, meaning: 'Worlds of every cell' },
    few: { value: 1000, meaning: 'Comparisons of the first row' },
    some: { value: 5000, meaning: 'Comparisons of the second row' },
    many: { value: 20_000, meaning: 'Comparisons of the last row, where the margin method must win at ρ = 0' },
  },
  async run({ seed, settings: { worlds, few, some, many }, onProgress }) {
    expectNumber('--worlds', worlds, 2, 1000);
    await startBackend(process.env['RECSYS_GYM_BACKEND']);
    const cells: Cell[] = [];
    const sizes = [few, some, many];
    const correlations = [0.6, 0, -0.6];
    const total = sizes.length * correlations.length * METHODS.length * worlds;
    let done = 0;
    for (const pairs of sizes) {
      for (const correlation of correlations) {
        const objective = METHODS.map(() => new Array<number>(worlds).fill(0));
        for (let i = 0; i < worlds; i++) {
          const asked = ask(seed + i, { pairs, correlation });
          METHODS.forEach((method, m) => {
            onProgress?.(done++, total, `${pairs} pairs, ρ = ${correlation}, ${method.name}`);
            [{ objective: objective[m][i] }] = tryMethod(asked, method);
          });
        }
        cells.push({ pairs, correlation, objective });
      }
    }
    return resultOf(cells, many);
  },
};

function resultOf(cells: readonly Cell[], many: number): StudyResult {
  const failures = cells
    .filter(({ pairs, correlation }) => pairs === many && correlation === 0)
    .flatMap((cell) => {
      const lead = leadOf(cell, 2);
      return lead.interval[1] < 0
        ? []
        : [`${many} pairs, ρ = 0: expected the margin method (α = 1) ahead, received HPO − margin = ${inWords(lead)}.`];
    });
  return {
    tables: [
      {
        caption: 'J by number of pairs and correlation; differences are HPO’s J less the other’s, paired by world',
        columns: [
          'pairs',
          'ρ',
          ...METHODS.map(({ name }) => name),
          'HPO − DPO',
          'HPO − margin 1',
          'HPO − margin 2',
          'ahead',
        ],
        rows: cells.map((cell) => [
          ...[cell.pairs, cell.correlation, ...cell.objective.map((own) => meanOf(own).value)],
          ...[1, 2, 3].map((m) => inWords(leadOf(cell, m))),
          winnerOf(cell),
        ]),
      },
    ],
    notes: [
      'All methods are fitted alike, 200 steps on all comparisons.',
      ...cells.map((cell) => `${cell.pairs} pairs, ρ = ${cell.correlation}: ${sentenceOf(cell)}`),
    ],
    failures,
    numbers: cells,
  };
}

/** HPO's J less that of method m. */
function leadOf({ objective }: Cell, m: number): ReturnType<typeof meanOf> {
  return pairedOf(objective[0], objective[m]);
}

function bestRival(cell: Cell): number {
  const means = cell.objective.map((own) => meanOf(own).value ?? NaN);
  return [1, 2, 3].reduce((best, m) => (means[m] > means[best] ? m : best), 1);
}

function winnerOf(cell: Cell): string {
  const rival = bestRival(cell);
  const { interval } = leadOf(cell, rival);
  return interval[0] > 0 ? HPO.name : interval[1] < 0 ? METHODS[rival].name : 'neither';
}

function sentenceOf(cell: Cell): string {
  const rival = METHODS[bestRival(cell)].name;
  const lead = inWords(leadOf(cell, bestRival(cell)));
  const winner = winnerOf(cell);
  if (winner === HPO.name) return `HPO wins; over the best other (${rival}) by ${lead}.`;
  if (winner === 'neither') return `HPO and ${rival} cannot be told apart: ${lead}.`;
  return winner === DPO.name
    ? `DPO wins: HPO − DPO = ${lead}.`
    : `the margin method wins (${rival}): HPO − margin = ${lead}.`;
}
