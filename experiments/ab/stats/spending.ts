import { complaint, suggestion } from '../../../core/check.js';
import { normalQuantile, normalUpper } from '../../../core/stats/normal.js';

/** How the error is spent over the information fraction t in [0, 1]; all spend 0 at 0 and α at 1. */
export type Spending =
  /** 2 − 2Φ(z_{α/2}/√t), close to O'Brien and Fleming's bounds: almost nothing early (Lan and DeMets 1983). */
  | { readonly kind: 'obrien-fleming' }
  /** α ln(1 + (e − 1)t), close to Pocock's constant bounds (Lan and DeMets 1983). */
  | { readonly kind: 'pocock' }
  /** α t^φ, φ > 0 (Kim and DeMets 1987). */
  | { readonly kind: 'power'; readonly phi: number }
  /** α (1 − e^(−γt))/(1 − e^(−γ)); γ = 0 is αt (Hwang, Shih and DeCani 1990). −4 is close to O'Brien-Fleming, 1 to Pocock. */
  | { readonly kind: 'hwang-shih-decani'; readonly gamma: number };

/** Error spent up to t out of alpha. */
export function spentBy(spending: Spending, t: number, alpha: number): number {
  if (t <= 0) return 0;
  if (t >= 1) return alpha;
  switch (spending.kind) {
    case 'obrien-fleming':
      return 2 * normalUpper(-normalQuantile(alpha / 2) / Math.sqrt(t));
    case 'pocock':
      return alpha * Math.log1p((Math.E - 1) * t);
    case 'power':
      return alpha * t ** spending.phi;
    case 'hwang-shih-decani':
      return Math.abs(spending.gamma) < 1e-12
        ? alpha * t
        : (alpha * Math.expm1(-spending.gamma * t)) / Math.expm1(-spending.gamma);
  }
}

const KNOWN = ['obrien-fleming', 'pocock', 'power=PHI', 'hwang-shih-decani=GAMMA'];

/** A spending function as it stands on the command line: obrien-fleming, pocock, power=2, hwang-shih-decani=-4. */
export function parseSpending(text: string): Spending {
  const parts = text.split('=');
  const [name] = parts;
  const value = parts.length === 2 && parts[1].trim() !== '' ? Number(parts[1]) : NaN;
  if ((name === 'obrien-fleming' || name === 'pocock') && parts.length === 1) return { kind: name };
  if (name === 'power' && value > 0 && value < Infinity) return { kind: name, phi: value };
  if (name === 'hwang-shih-decani' && Number.isFinite(value)) return { kind: name, gamma: value };
  throw complaint('usage', {
    where: 'spending',
    expected: 'a spending function (power=PHI with PHI above 0)',
    received: `'${text}'`,
    try: suggestion(text, KNOWN),
  });
}
