import { expectNumber } from '../../../core/check.js';
import { startBackend } from '../../../core/tensor/backend.js';
import type { TrueWorth } from '../../../simulators/preference/tabular.js';
import type { Study, StudyResult } from '../study.js';
import { hypervolume, nonDominated, type Point } from './hypervolume.js';
import { inWords, meanOf, pairedOf } from '../../preference/paired.js';
import { ask, tryMethod, type Method } from './tabular.js';

/** Families of one knob each, from little of the designer's reward to much. */
const FAMILIES: readonly { readonly name: string; readonly methods: readonly Method[] }[] = [
  {
    name: 'HPO on DPO',
    methods: [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5].map((auxiliary) => ({
      name: `γ = ${auxiliary}`,
      settings: { loss: 'hpo-dpo', auxiliary },
    })),
  },
  {
    name: 'HPO on KTO',
    methods: [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5].map((auxiliary) => ({
      name: `γ = ${auxiliary}`,
      settings: { loss: 'hpo-kto', auxiliary },
    })),
  },
  {
    name: 'margin',
    methods: [0, 0.5, 1, 2, 4, 8, 16].map((margin) => ({
      name: `α = ${margin}`,
      settings: { loss: 'margin', margin },
    })),
  },
];
const AO_PPO: Method = { name: 'offline PPO with reward', settings: { loss: 'offline-ppo-reward' } };
/** Where the volume is measured from: below what any policy here reaches on either axis. */
const ORIGIN: Point = { x: -0.5, y: 0 };

interface Family {
  readonly name: string;
  /** [knob][world] */
  readonly points: readonly { readonly setting: string; readonly worth: readonly TrueWorth[] }[];
  /** One per world. */
  readonly volume: readonly number[];
}

/** H2: what each method can trade, by sweeping its weight. */
export const hpoFrontier: Study = {
  summary: 'HPO: frontier of preference and designer’s reward by sweeping the weights, with hypervolume (H2)',
  settings: {
    worlds: { value: 8, meaning: 'Worlds that judge' },
    pairs: { value: 1000, meaning: 'Comparisons per world' },
    correlation: { value: 0, meaning: 'Correlation of people and designer' },
  },
  async run({ seed, settings: { worlds, pairs, correlation }, onProgress }) {
    expectNumber('--worlds', worlds, 2, 1000);
    await startBackend(process.env['RECSYS_GYM_BACKEND']);
    const asked = Array.from({ length: worlds }, (_, i) => ask(seed + i, { pairs, correlation }));
    const families = FAMILIES.map(({ name, methods }, f): Family => {
      const points = methods.map((method, m) => {
        onProgress?.(f * methods.length + m, FAMILIES.length * methods.length, `${name}, ${method.name}`);
        return { setting: method.name, worth: asked.map((one) => tryMethod(one, method)[0]) };
      });
      const volume = asked.map((_, i) =>
        hypervolume(
          points.map(({ worth }) => pointOf(worth[i])),
          ORIGIN,
        ),
      );
      return { name, points, volume };
    });
    const clipped = asked.map((one) => tryMethod(one, AO_PPO)[0]);
    return resultOf(families, clipped);
  },
};

const pointOf = ({ preference, reward }: TrueWorth): Point => ({ x: preference, y: reward });
const mean = (worth: readonly TrueWorth[], name: keyof TrueWorth): number =>
  meanOf(worth.map((own) => own[name])).value ?? NaN;

function resultOf(families: readonly Family[], clipped: readonly TrueWorth[]): StudyResult {
  const [hpo] = families;
  const middle = hpo.points.map(({ worth }) => ({ x: mean(worth, 'preference'), y: mean(worth, 'reward') }));
  const own = { x: mean(clipped, 'preference'), y: mean(clipped, 'reward') };
  const dominated = middle.some(({ x, y }) => x > own.x && y > own.y);
  const failures = dominated
    ? []
    : ['offline PPO with reward: expected to be dominated by some setting of HPO, received none.'];
  return {
    tables: [
      {
        caption: 'Points, means over worlds',
        columns: ['method', 'setting', 'E[r_p]', 'E[R]', 'win rate', 'KL', 'J', 'on its frontier'],
        rows: families.flatMap(({ name, points }) => {
          const all = points.map(({ worth }) => ({ x: mean(worth, 'preference'), y: mean(worth, 'reward') }));
          const front = nonDominated(all);
          return points.map(({ setting, worth }, i) => [
            ...[name, setting, all[i].x, all[i].y, mean(worth, 'winRate'), mean(worth, 'divergence')],
            ...[mean(worth, 'objective'), front.includes(all[i]) ? 'yes' : ''],
          ]);
        }),
      },
      {
        caption: `Hypervolume of (E[r_p], E[R]) above (${ORIGIN.x}, ${ORIGIN.y}), per world`,
        columns: ['method', 'hypervolume', 'HPO on DPO − it'],
        rows: families.map(({ name, volume }) => [
          ...[name, inWords(meanOf(volume))],
          name === hpo.name ? '' : inWords(pairedOf(hpo.volume, volume)),
        ]),
      },
    ],
    notes: [
      `offline PPO with reward lies at E[r_p] = ${own.x.toFixed(3)}, E[R] = ${own.y.toFixed(3)}.`,
      'The frontier says nothing of the divergence that a point costs; J does.',
    ],
    failures,
    numbers: { families, clipped },
    report: {
      question: 'Which preference and designer’s reward can each method trade by its weight?',
      answer: {
        verdict: failures.length === 0 ? 'supported' : 'unsupported',
        sentence: `Hypervolume: ${families.map(({ name, volume }) => `${name} ${inWords(meanOf(volume))}`).join('; ')}.`,
        reasons: failures,
      },
      curves: families.map(({ name, points }) => ({
        chart: 'Frontier by sweeping one weight',
        name,
        xLabel: 'hidden preference E[r_p]',
        yLabel: 'designer’s reward E[R]',
        points: points
          .map(({ worth }): [number, number] => [mean(worth, 'preference'), mean(worth, 'reward')])
          .sort(([a], [b]) => a - b),
      })),
    },
  };
}
