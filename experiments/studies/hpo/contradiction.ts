import { expectNumber } from '../../../core/check.js';
import { startBackend } from '../../../core/tensor/backend.js';
import type { TrueWorth } from '../../../simulators/preference/tabular.js';
import type { Study } from '../study.js';
import { inWords, meanOf, pairedOf } from '../../preference/paired.js';
import { ask, DPO, HPO, MARGIN, MARGIN2, tryMethod, type Method } from './tabular.js';

const METHODS: readonly Method[] = [
  HPO,
  { name: 'HPO on DPO, γ = 0.2', settings: { loss: 'hpo-dpo', auxiliary: 0.2 } },
  DPO,
  MARGIN,
  MARGIN2,
  { name: 'margin, α = 8', settings: { loss: 'margin', margin: 8 } },
  { name: 'relabelled DPO', settings: { loss: 'relabelled-dpo' } },
];

/** H7: every label says the opposite of the designer. */
export const hpoContradiction: Study = {
  summary: 'HPO: labels that contradict the designer on every pair (H7)',
  settings: {
    worlds: { value: 8, meaning: 'Worlds that judge' },
    pairs: { value: 1000, meaning: 'Comparisons per world, each against the designer' },
  },
  async run({ seed, settings: { worlds, pairs }, onProgress }) {
    expectNumber('--worlds', worlds, 2, 1000);
    await startBackend(process.env['RECSYS_GYM_BACKEND']);
    const asked = Array.from({ length: worlds }, (_, i) =>
      ask(seed + i, { pairs, correlation: -0.6, contradicting: true }),
    );
    const tried = METHODS.map((method, i) => {
      onProgress?.(i, METHODS.length, method.name);
      return { method: method.name, worth: asked.map((one) => tryMethod(one, method)[0]) };
    });
    const column = (m: number, name: keyof TrueWorth): number[] => tried[m].worth.map((own) => own[name]);
    const place = METHODS.indexOf(MARGIN);
    const lead = pairedOf(column(0, 'reward'), column(place, 'reward'));
    const failures =
      lead.interval[0] > 0 ? [] : [`E[R] of HPO − margin: expected an interval above 0, received ${inWords(lead)}.`];
    return {
      tables: [
        {
          caption: `ρ = −0.6, all ${pairs} labels against the designer, ${worlds} worlds; E[R] of the reference is 0.5`,
          columns: ['method', 'E[R]', 'HPO − it, E[R]', 'E[r_p]', 'KL', 'J'],
          rows: tried.map(({ method, worth }, m) => [
            ...[method, inWords(meanOf(column(m, 'reward')))],
            m === 0 ? '' : inWords(pairedOf(column(0, 'reward'), column(m, 'reward'))),
            ...(['preference', 'divergence', 'objective'] as const).map(
              (name) => meanOf(worth.map((own) => own[name])).value,
            ),
          ]),
        },
      ],
      notes: [
        'A contradicting label makes the margin method’s bracket large, so that the pair stops teaching, but it is never turned round: E[R] can only stay where the reference is or fall.',
        'HPO’s auxiliary term keeps its gradient whatever the labels say.',
      ],
      failures,
      numbers: tried,
    };
  },
};
