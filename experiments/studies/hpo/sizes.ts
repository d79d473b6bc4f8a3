import { expectNumber } from '../../../core/check.js';
import { startBackend } from '../../../core/tensor/backend.js';
import type { Study } from '../study.js';
import { inWords, meanOf, pairedOf } from '../../preference/paired.js';
import { askSlates, DPO, HPO, slateReward, tryAll } from './slates.js';

/** Scorers of a candidate, from linear to one hidden layer of 64. */
const SIZES: readonly (readonly number[])[] = [[], [4], [16], [64]];

/** H6: does what HPO does depend on the size of the model? Widths stand in for the paper's language models. */
export const hpoSizes: Study = {
  summary: 'HPO: size of the model that scores the candidates of slates (H6)',
  settings: {
    worlds: { value: 4, meaning: 'Worlds that judge' },
    pairs: { value: 4000, meaning: 'Comparisons per world' },
  },
  async run({ seed, settings: { worlds, pairs }, onProgress }) {
    expectNumber('--worlds', worlds, 2, 1000);
    await startBackend(process.env['RECSYS_GYM_BACKEND']);
    const reward = await slateReward();
    const asked = Array.from({ length: worlds }, (_, i) => askSlates(seed + i, pairs, reward));
    const tried = SIZES.map((hidden, i) => {
      onProgress?.(i, SIZES.length, `hidden [${hidden.join(', ')}]`);
      const [hpo, dpo] = [HPO, DPO].map((method) => tryAll(asked, method, reward, hidden));
      return { hidden: hidden.length === 0 ? 'linear' : hidden.join(', '), hpo, dpo };
    });
    const failures = tried.flatMap(({ hidden, hpo, dpo }) => {
      const gain = pairedOf(hpo.wish, dpo.wish);
      return gain.interval[0] > 0
        ? []
        : [
            `hidden ${hidden}, designer’s reward of HPO − DPO: expected an interval above 0, received ${inWords(gain)}.`,
          ];
    });
    return {
      tables: [
        {
          caption: `Slates, ${worlds} worlds, ${pairs} comparisons each`,
          columns: [
            'hidden',
            'win rate, HPO',
            'win rate, DPO',
            'HPO − DPO, win rate',
            'HPO − DPO, designer',
            'KL, HPO',
            'KL, DPO',
          ],
          rows: tried.map(({ hidden, hpo, dpo }) => [
            ...[hidden, meanOf(hpo.winRate).value, meanOf(dpo.winRate).value],
            ...[inWords(pairedOf(hpo.winRate, dpo.winRate)), inWords(pairedOf(hpo.wish, dpo.wish))],
            ...[meanOf(hpo.divergence).value, meanOf(dpo.divergence).value],
          ]),
        },
      ],
      notes: ['The weight γ is the one of hpo-slates at every size.'],
      failures,
      numbers: tried,
    };
  },
};
