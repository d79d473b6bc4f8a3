import { join } from 'node:path';
import type { AbSection } from '../ab/contract.js';
import type { Estimate, ReportDocument } from '../contract.js';
import { brief, pc, print, table, VERDICT_COLOUR } from './terminal.js';

/** "0.0052 [0.0031, 0.0073]" */
function withInterval(estimate: Estimate | undefined): string {
  if (estimate === undefined || estimate.value === null) return 'refused';
  const { value, interval } = estimate;
  return interval === null ? brief(value) : `${brief(value)} [${brief(interval[0])}, ${brief(interval[1])}]`;
}

/** Prints what a run came to, and where its report is. */
export function showReport(document: ReportDocument, dir: string): void {
  const { answer, policies, rollouts, comparisons, abTests = [] } = document;
  print();
  print(pc.bold(document.question));
  if (policies.length > 0) {
    const hasTruth = policies.some(({ truth }) => truth !== undefined);
    print();
    print(
      table(
        ['policy', 'ips', 'snips', 'dr', ...(hasTruth ? ['truth'] : []), 'effective rounds', 'verdict'],
        policies.map((policy) => [
          policy.id,
          withInterval(policy.estimates['ips']),
          withInterval(policy.estimates['snips']),
          withInterval(policy.estimates['dr']),
          ...(hasTruth ? [brief(policy.truth)] : []),
          `${Math.round(policy.diagnostics.effectiveSampleSize)} of ${policy.diagnostics.rounds}`,
          VERDICT_COLOUR[policy.verdict](policy.verdict),
        ]),
      ),
    );
  }
  if (comparisons.length > 0) {
    print();
    print(
      table(
        [
          'comparison',
          'difference',
          'relative',
          ...(comparisons.some(({ truth }) => truth !== undefined) ? ['truth'] : []),
        ],
        comparisons.map(({ policy, against, difference, relative, truth }) => [
          `${policy} − ${against}`,
          withInterval(difference),
          relative === null ? '—' : `${brief(100 * relative, 3)} %`,
          ...(truth === undefined ? [] : [brief(truth)]),
        ]),
      ),
    );
  }
  if (rollouts.length > 0) {
    print();
    print(
      table(
        ['policy', 'seed', 'sessions', 'mean return', 'mean length'],
        rollouts.flatMap(({ policy, perSeed }) =>
          perSeed.map((row) => [
            policy,
            String(row.seed),
            String(row.episodes),
            `${brief(row.meanReturn)} ± ${brief(row.standardError, 2)}`,
            brief(row.meanLength),
          ]),
        ),
      ),
    );
  }
  for (const section of abTests) showTest(section);
  showLifts(document);
  showSimulation(document);
  print();
  print(`${VERDICT_COLOUR[answer.verdict](answer.verdict.toUpperCase())}  ${answer.sentence}`);
  for (const reason of answer.reasons) print(`  – ${reason}`);
  print();
  print(`Report: ${join(dir, 'report.html')}`);
}

/** One A/B test: every effect, with the truth where a world knows it. */
function showTest({ name, metrics, sampleRatio }: AbSection): void {
  const effects = metrics.flatMap(({ metric, effects: own }) => own.map((effect) => ({ metric, effect })));
  const hasTruth = effects.some(({ effect }) => effect.truth !== undefined);
  print();
  print(`${pc.bold(name)}   sample ratio p = ${brief(sampleRatio.p)}${sampleRatio.alarm ? pc.red(' ALARM') : ''}`);
  print();
  print(
    table(
      ['metric', 'arm', 'difference', 'relative', 'p', 'always valid', ...(hasTruth ? ['truth'] : []), ''],
      effects.map(({ metric, effect }) => [
        metric.name,
        effect.arm,
        withInterval(effect.difference),
        effect.relative.value === null ? '—' : `${brief(100 * effect.relative.value, 3)} %`,
        brief(effect.pValue, 3),
        effect.sequential === undefined ? '—' : withInterval(effect.sequential.difference),
        ...(hasTruth ? [brief(effect.truth)] : []),
        effect.guardrail === undefined ? metric.role : `guardrail ${effect.guardrail}`,
      ]),
    ),
  );
}

/** What policies did to a control, place by place. */
function showLifts({ lifts = [] }: ReportDocument): void {
  for (const { place, control, users, unit = 'users', scale, rows, guardrail } of lifts) {
    const relative = scale === undefined;
    print();
    print(
      table(
        [`in ${place}, ${users} ${unit}`, 'metric', control, 'policy', relative ? 'relative, %' : 'difference'],
        rows.map(({ policy, metric, control: before, value, relative: lift }) => [
          policy,
          metric,
          brief(before),
          brief(value),
          withInterval(relative ? inPercent(lift) : lift),
        ]),
      ),
    );
    if (guardrail === undefined) continue;
    const { metric, margin, states } = guardrail;
    const told = states.map(({ policy, state }) => `${policy} ${state}`).join(', ');
    print(`guardrail, ${metric} at least −${brief(100 * margin, 3)} %: ${told}`);
  }
}

function inPercent({ value, interval, ...rest }: Estimate): Estimate {
  return {
    ...rest,
    value: value === null ? null : 100 * value,
    interval: interval === null ? null : [100 * interval[0], 100 * interval[1]],
  };
}

/** What only simulated tests say: agreement, designs, power. */
function showSimulation({ agreements = [], designs = [], power = [] }: ReportDocument): void {
  for (const { quantity, rows, sentence } of agreements) {
    print();
    print(
      table(
        [quantity, 'estimate'],
        rows.map(({ method, estimate }) => [method, withInterval(estimate)]),
      ),
    );
    print(sentence);
  }
  for (const { metric, arm, truth, rows } of designs) {
    print();
    print(
      table(
        [`${metric}: ${arm}, truth ${brief(truth.value)}`, 'mean of tests', 'bias', 'spread of a test', 'coverage'],
        rows.map(({ design, mean, bias, deviation, coverage }) => [
          design,
          brief(mean.value),
          withInterval(bias),
          brief(deviation),
          `${brief(100 * coverage, 3)} %`,
        ]),
      ),
    );
  }
  for (const { metric, arm, rule, rows } of power) {
    const enough = rows.find(({ found }) => (found.value ?? 0) >= ENOUGH_POWER);
    print();
    print(
      `${metric}, ${arm}, ${rule}: ${enough === undefined ? `not found in ${100 * ENOUGH_POWER} % of the tests by day ${rows[rows.length - 1].day}` : `found in ${brief(100 * (enough.found.value ?? 0), 3)} % of the tests by day ${enough.day}, ${enough.units} units`}.`,
    );
  }
}

/** The power that a test is planned for. */
const ENOUGH_POWER = 0.8;
