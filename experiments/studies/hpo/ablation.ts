import { expectNumber } from '../../../core/check.js';
import { startBackend } from '../../../core/tensor/backend.js';
import type { TrueWorth } from '../../../simulators/preference/tabular.js';
import type { Study } from '../study.js';
import { inWords, meanOf } from '../../preference/paired.js';
import { ask, tryMethod } from './tabular.js';

const EXPECTILES = [0.1, 0.3, 0.5, 0.7, 0.9];
const TEMPERATURES = [0.1, 0.25, 0.5, 1, 4];
/** Weight at which the settings are compared: large enough to see them. */
const AUXILIARY = 0.1;

/** H3: expectile and temperature of the auxiliary term. */
export const hpoAblation: Study = {
  summary: 'HPO: expectile τ and temperature λ of the auxiliary term (H3)',
  settings: {
    worlds: { value: 8, meaning: 'Worlds that judge' },
    pairs: { value: 1000, meaning: 'Comparisons per world' },
  },
  async run({ seed, settings: { worlds, pairs }, onProgress }) {
    expectNumber('--worlds', worlds, 2, 1000);
    await startBackend(process.env['RECSYS_GYM_BACKEND']);
    const asked = Array.from({ length: worlds }, (_, i) => ask(seed + i, { pairs, correlation: 0 }));
    const cells = EXPECTILES.flatMap((expectile) => TEMPERATURES.map((temperature) => ({ expectile, temperature })));
    const tried = cells.map((cell, i) => {
      onProgress?.(i, cells.length, `τ = ${cell.expectile}, λ = ${cell.temperature}`);
      const settings = { loss: 'hpo-dpo', auxiliary: AUXILIARY, ...cell };
      return { ...cell, worth: asked.map((one) => tryMethod(one, { name: 'HPO', settings })[0]) };
    });
    const mean = (worth: readonly TrueWorth[], name: keyof TrueWorth): number =>
      meanOf(worth.map((own) => own[name])).value ?? NaN;
    const rewardAt = (expectile: number): number =>
      mean(tried.find((cell) => cell.expectile === expectile && cell.temperature === 0.25)?.worth ?? [], 'reward');
    const failures =
      rewardAt(0.9) < rewardAt(0.3)
        ? []
        : [`E[R] at τ = 0.9: expected below that at 0.3, received ${rewardAt(0.9)} and ${rewardAt(0.3)}.`];
    return {
      tables: [
        {
          caption: `HPO on DPO with γ = ${AUXILIARY}, ρ = 0, ${pairs} pairs, ${worlds} worlds`,
          columns: ['τ', 'λ', 'J', 'E[r_p]', 'E[R]', 'KL'],
          rows: tried.map(({ expectile, temperature, worth }) => [
            ...[expectile, temperature, inWords(meanOf(worth.map((own) => own.objective)))],
            ...[mean(worth, 'preference'), mean(worth, 'reward'), mean(worth, 'divergence')],
          ]),
        },
      ],
      notes: [
        'A larger τ raises the value that responses are held to, so fewer weigh more than others: a milder auxiliary term.',
        'A larger λ weighs all responses alike: the term becomes plain cloning of what was shown.',
      ],
      failures,
      numbers: tried,
    };
  },
};
