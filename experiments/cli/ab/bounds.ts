import type { Argv } from 'yargs';
import { complaint } from '../../../core/check.js';
import {
  driftForPower,
  groupBounds,
  stoppingProbabilities,
  type GroupBounds,
  type Stopping,
} from '../../ab/stats/group-sequential.js';
import { parseSpending } from '../../ab/stats/spending.js';
import { brief, print, printJson, table } from '../terminal.js';

/** `ab bounds`: at which z to stop at each planned look, and how often that happens. */
export function registerBounds(cli: Argv): Argv {
  return cli.command(
    'bounds',
    'When a test with planned looks may stop: boundaries, error spent, power',
    options,
    (argv) => {
      const { level, spending, effect, sd, units, power, json } = argv;
      const at = argv.at === undefined ? equalLooks(argv.looks) : fractions(argv.at);
      const bounds = groupBounds({ at, level, spending: parseSpending(spending), sides: argv.oneSided ? 1 : 2 });
      const answer = answerOf(bounds, { effect, sd, units, power });
      if (json) printJson({ spending, ...answer });
      else show(bounds, answer);
    },
  );
}

const number = { type: 'number', requiresArg: true } as const;

function options(command: Argv) {
  return command
    .options({
      looks: { ...number, default: 5, describe: 'Equally spaced looks' },
      at: { type: 'string', requiresArg: true, describe: 'Or when: shares of all units seen by each look, 0.2,0.5,1' },
      level: { ...number, default: 0.95, describe: '1 − the error of all looks together' },
      spending: {
        type: 'string',
        requiresArg: true,
        default: 'obrien-fleming',
        describe: 'How the error is spent: obrien-fleming, pocock, power=PHI or hwang-shih-decani=GAMMA',
      },
      'one-sided': { type: 'boolean', default: false, describe: 'Stop only where the effect is above 0' },
      effect: { ...number, describe: 'An effect whose stops are computed, with --sd and --units' },
      sd: { ...number, describe: 'Standard deviation of one unit' },
      units: { ...number, describe: 'Units per arm by the last look' },
      power: { ...number, default: 0.8, describe: 'For the size of the test' },
      json: { type: 'boolean', default: false, describe: 'Print one JSON object' },
    })
    .example('$0 ab bounds --looks 5', 'Five looks by O’Brien and Fleming')
    .example('$0 ab bounds --at 0.25,0.5,1 --spending pocock --effect 0.1 --sd 1 --units 2000', 'With an effect');
}

interface Asked {
  readonly effect: number | undefined;
  readonly sd: number | undefined;
  readonly units: number | undefined;
  readonly power: number;
}

interface Answer {
  readonly level: number;
  readonly sides: 1 | 2;
  readonly looks: readonly {
    readonly at: number;
    readonly z: number;
    readonly nominal: number;
    readonly spent: number;
    readonly stopUnderNone: number;
    /** Stops on the side of the effect. */
    readonly stop?: number;
  }[];
  readonly expectedFractionUnderNone: number;
  /** How much larger than without looks the test must be planned, and how much of that it then sees on average. */
  readonly size: { readonly power: number; readonly inflation: number; readonly expectedFraction: number };
  readonly effect?: {
    readonly effect: number;
    readonly drift: number;
    readonly power: number;
    readonly expectedFraction: number;
    readonly expectedUnitsPerArm: number;
  };
}

function answerOf(bounds: GroupBounds, asked: Asked): Answer {
  const { at, z, nominal, spent, level, sides } = bounds;
  const none = stoppingProbabilities(bounds, 0);
  const planned = driftForPower(bounds, asked.power);
  const alone = driftForPower(groupBounds({ ...bounds, at: [1] }), asked.power);
  const effect = effectOf(bounds, asked);
  return {
    level,
    sides,
    looks: at.map((t, k) => ({
      at: t,
      z: z[k],
      nominal: nominal[k],
      spent: spent[k],
      stopUnderNone: none.upper[k] + none.lower[k],
      ...(effect === undefined ? {} : { stop: towards(effect.stopping, effect.told.drift)[k] }),
    })),
    expectedFractionUnderNone: none.expectedFraction,
    size: {
      power: asked.power,
      inflation: (planned / alone) ** 2,
      expectedFraction: stoppingProbabilities(bounds, planned).expectedFraction,
    },
    ...(effect === undefined ? {} : { effect: effect.told }),
  };
}

/** The stops of an effect, where one was asked for. */
function effectOf(
  bounds: GroupBounds,
  { effect, sd, units }: Asked,
): { readonly told: NonNullable<Answer['effect']>; readonly stopping: Stopping } | undefined {
  if (effect === undefined && sd === undefined && units === undefined) return undefined;
  if (effect === undefined || sd === undefined || units === undefined || !(sd > 0 && units > 0))
    throw complaint('usage', {
      where: '--effect',
      expected: '--effect, --sd and --units together, the last two above 0',
      received: `effect ${effect ?? 'none'}, sd ${sd ?? 'none'}, units ${units ?? 'none'}`,
    });
  const drift = effect / (sd * Math.sqrt(2 / units));
  const stopping = stoppingProbabilities(bounds, drift);
  const { expectedFraction } = stopping;
  const power = towards(stopping, drift).reduce((sum, p) => sum + p, 0);
  return { told: { effect, drift, power, expectedFraction, expectedUnitsPerArm: units * expectedFraction }, stopping };
}

/** Stops on the side on which the effect lies. */
function towards({ upper, lower }: Stopping, drift: number): readonly number[] {
  return drift >= 0 ? upper : lower;
}

function show({ sides }: GroupBounds, answer: Answer): void {
  const { level, looks, size, effect, expectedFractionUnderNone } = answer;
  print(
    table(
      [
        'look',
        'at',
        sides === 2 ? 'stop at |z|' : 'stop at z',
        'nominal p',
        'error spent',
        'stops, no effect',
        ...(effect === undefined ? [] : ['stops, effect']),
      ],
      looks.map(({ at, z, nominal, spent, stopUnderNone, stop }, k) => [
        String(k + 1),
        brief(at),
        z === Infinity ? '—' : z.toFixed(4),
        brief(nominal),
        brief(spent),
        brief(stopUnderNone),
        ...(stop === undefined ? [] : [brief(stop)]),
      ]),
    ),
  );
  const last = looks[looks.length - 1];
  if (last.at < 1)
    print(
      `\nThe last look is at ${brief(last.at)} of the planned units: ${brief(1 - level - last.spent)} of the error is left.`,
    );
  print(`\nWithout an effect ${brief(expectedFractionUnderNone)} of the planned units are seen on average.`);
  print(
    `For power ${brief(size.power)} plan ${brief(size.inflation)} times the units of a test without looks; ` +
      `${brief(size.expectedFraction)} of them are seen on average.`,
  );
  if (effect !== undefined)
    print(
      `An effect of ${brief(effect.effect)} is found with power ${brief(effect.power)}, after ` +
        `${brief(effect.expectedUnitsPerArm)} units per arm on average.`,
    );
}

function equalLooks(looks: number): number[] {
  if (Number.isInteger(looks) && looks >= 1 && looks <= 200)
    return Array.from({ length: looks }, (_, k) => (k + 1) / looks);
  throw complaint('usage', { where: '--looks', expected: 'a whole number from 1 to 200', received: `${looks}` });
}

function fractions(text: string): number[] {
  return text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
}
