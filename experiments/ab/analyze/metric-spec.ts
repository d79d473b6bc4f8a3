import { GymError, suggestion } from '../../../core/check.js';
import type { Metric } from '../contract.js';

const KINDS = ['mean', 'proportion', 'ratio', 'quantile'] as const;
const SHAPES =
  'COLUMN, COLUMN:proportion, COLUMN/COLUMN:ratio or COLUMN:quantile=0.9, with :lower where lower is better';

/**
 * Reads a metric as it stands on the command line: `spend`, `visit:proportion`, `revenue/orders:ratio`,
 * `latency:quantile=0.9:lower`. Of a guardrail the direction may carry the margin: `latency:lower=0.01` is a metric of
 * which lower is better and 1 % more is tolerated. Its name is what stands before the first colon.
 */
export function parseMetric(text: string, role: Metric['role']): Metric {
  const [name, ...options] = split(text, ':');
  const columns = split(name, '/');
  if (columns.includes('') || columns.length > 2) throw wrong(text, role, `'${name}'`);
  const denominator = columns.at(1);
  let metric: Metric = {
    name,
    kind: denominator === undefined ? 'mean' : 'ratio',
    column: columns[0],
    ...(denominator === undefined ? {} : { denominator }),
    role,
    better: 'higher',
  };
  for (const option of options) metric = { ...metric, ...optionOf(option, text, role) };
  if ((metric.kind === 'ratio') !== (denominator !== undefined))
    throw wrong(text, role, `a ${metric.kind} of '${name}'`);
  return metric;
}

/** What one part after the name says: a kind, or which way is better. */
function optionOf(option: string, text: string, role: Metric['role']): Partial<Metric> {
  const [key, ...rest] = split(option, '=');
  const value = rest.at(0);
  const number = Number(value);
  if (value === '' || rest.length > 1 || (value !== undefined && !Number.isFinite(number)))
    throw wrong(text, role, `'${option}'`);
  const kind = KINDS.find((one) => one === key);
  if (kind !== undefined) {
    if ((kind === 'quantile') !== (value !== undefined)) throw wrong(text, role, `'${option}'`);
    return value === undefined ? { kind } : { kind, quantile: number };
  }
  if (key !== 'higher' && key !== 'lower')
    throw wrong(text, role, `'${option}'`, ` ${suggestion(key, [...KINDS, 'higher', 'lower'])}`);
  if (value === undefined) return { better: key };
  if (role !== 'guardrail') throw wrong(text, role, `'${option}', a margin`, ' Margins are for --guardrail.');
  return { better: key, margin: number };
}

const split = (text: string, at: string): string[] => text.split(at).map((part) => part.trim());

function wrong(text: string, role: Metric['role'], received: string, hint = ''): GymError {
  const flag = role === 'guardrail' ? '--guardrail' : '--metric';
  return new GymError('usage', `${flag} ${text}: expected ${SHAPES}, received ${received}.${hint}`);
}

/** Metrics and guardrails as asked for. A guardrail that names a metric by its name is that metric in another role. */
export function parseMetrics(metrics: readonly string[], guardrails: readonly string[]): Metric[] {
  const asked = metrics.map((text) => parseMetric(text, 'primary'));
  const guards = guardrails.map((text) => {
    const guard = parseMetric(text, 'guardrail');
    const plain = !text
      .split(':')
      .slice(1)
      .some((part) => KINDS.some((kind) => part.trim().startsWith(kind)));
    const meant = plain ? asked.find(({ name }) => name === guard.name) : undefined;
    if (meant === undefined) return guard;
    const { better, margin } = guard;
    return { ...meant, role: 'guardrail' as const, better, ...(margin === undefined ? {} : { margin }) };
  });
  const left = asked.filter(({ name, kind }) => !guards.some((guard) => guard.name === name && guard.kind === kind));
  return withOwnNames([...left, ...guards]);
}

/** Two metrics of one column are told apart by their kind: "latency" and "latency:quantile=0.9". */
function withOwnNames(metrics: readonly Metric[]): Metric[] {
  const seen = new Set<string>();
  return metrics.map((metric) => {
    const kind = metric.quantile === undefined ? metric.kind : `${metric.kind}=${metric.quantile}`;
    const name = seen.has(metric.name) ? `${metric.name}:${kind}` : metric.name;
    seen.add(name);
    return { ...metric, name };
  });
}

/**
 * Adds what is known beforehand: `COLUMN` to every metric that can be adjusted, `METRIC=COLUMN` or, for a ratio,
 * `METRIC=COLUMN/COLUMN` to one.
 */
export function withCovariates(metrics: readonly Metric[], covariates: readonly string[]): Metric[] {
  const own = new Map<string, string>();
  let all: string | undefined;
  for (const text of covariates) {
    const at = text.indexOf('=');
    const [name, column] = at < 0 ? [undefined, text.trim()] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
    if (name === undefined) {
      if (all !== undefined)
        throw new GymError(
          'usage',
          `--covariate: expected one column for all metrics, received '${all}' and '${column}'. Name the metric: spend=${column}.`,
        );
      all = column;
    } else if (metrics.some((metric) => metric.name === name)) own.set(name, column);
    else
      throw new GymError(
        'usage',
        `--covariate ${text}: no metric called '${name}'. ${suggestion(
          name,
          metrics.map((metric) => metric.name),
        )}`,
      );
  }
  return metrics.map((metric) => {
    const named = own.get(metric.name) ?? (metric.kind === 'quantile' ? undefined : all);
    if (named === undefined) return metric;
    const columns = split(named, '/');
    const covariateDenominator = columns.at(1);
    if (columns.includes('') || columns.length > 2 || (covariateDenominator !== undefined && metric.kind !== 'ratio'))
      throw new GymError(
        'usage',
        `--covariate: expected COLUMN, or COLUMN/COLUMN for a ratio, received '${named}' for ${metric.name}.`,
      );
    return {
      ...metric,
      covariate: columns[0],
      ...(covariateDenominator === undefined ? {} : { covariateDenominator }),
    };
  });
}
