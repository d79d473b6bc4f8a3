import type { Term } from './legend.js';

/** The words of A/B tests and of simulated ones, each explained once. */
export const AB_TERMS: Readonly<Record<string, Term>> = {
  unit: { name: 'Unit', meaning: 'What was given an arm at random as a whole: a user, a session, a cluster, a day.' },
  sampleRatio: {
    name: 'Sample ratio',
    meaning:
      "Whether the arms got the shares that were planned: p of Pearson's chi-square. A broken split means that units were lost or added for a reason, so the arms can no longer be compared.",
  },
  metricRole: {
    name: 'Primary, secondary',
    meaning:
      'The primary metric was chosen beforehand to decide the test. Secondary ones explain it; among many of them a few stand out by chance.',
  },
  armDifference: {
    name: 'Difference between arms',
    meaning: "The arm's value minus the control's.",
    unit: 'that of the metric',
  },
  armRelative: {
    name: 'Relative difference',
    meaning:
      "The difference as a share of the size of the control's value. Its interval knows that the control is an estimate too.",
    unit: '%',
  },
  lift: {
    name: 'Relative to the control',
    meaning:
      'What a policy adds to the control as a share of it, every user having met both with the same luck. Its interval is over users, or over seeds when there are at least 3.',
    unit: '%',
  },
  conditionalDepth: {
    name: 'Depth given so many items',
    meaning:
      'Mean depth of the sessions that got that far. A policy changes which sessions get that far, so it mixes who stays with how long they stay: read it beside the depth of all sessions and the share that got that far.',
    unit: 'items',
  },
  pValue: {
    name: 'p',
    meaning:
      'How often a difference at least as large would be seen if the arms were the same; two-sided. Valid for one look on a day fixed beforehand.',
  },
  adjustedPValue: {
    name: 'p, adjusted',
    meaning: 'p after the correction for asking of several metrics and arms at once; the one to decide by.',
  },
  permutation: {
    name: 'p by permutation',
    meaning:
      'The share of random re-assignments of the units to the arms that give a difference at least as large. It needs no normal distribution, so it stands for few units and wild values.',
  },
  reading: {
    name: 'Reading',
    meaning:
      'Better or worse: the (adjusted) p is below 1 − level, and the difference points there. Unclear: the arms are not told apart, which does not make them equal.',
  },
  fixedHorizon: {
    name: 'Fixed horizon',
    meaning: 'A test that is read once, on a day that was fixed before it began.',
  },
  alwaysValid: {
    name: 'Always valid',
    meaning:
      'An interval or p that holds at every look at once, however often one looks and whenever one stops (a confidence sequence). Wider than the fixed-horizon one: that is the price of looking.',
  },
  naive: {
    name: 'Naive interval',
    meaning:
      'The fixed-horizon interval computed anew at every look. Each alone has its level; the chance that one of many leaves the truth out is far larger.',
  },
  stoppedOn: {
    name: 'Stopped',
    meaning: 'The first day on which the always-valid interval left 0 out.',
    unit: 'day',
  },
  chanceToWin: {
    name: 'Chance to win',
    meaning:
      'The posterior probability, under a Gaussian approximation, that the arm is better than the control. It is no p-value, and looking daily inflates it too.',
    unit: '%',
  },
  risk: {
    name: 'Risk',
    meaning: 'What is lost on average by choosing this arm, counting the cases in which the control is the better one.',
    unit: 'that of the metric',
  },
  cuped: {
    name: 'CUPED',
    meaning:
      'Controlled experiments using pre-experiment data (Deng et al. 2013): value − θ·(covariate − its mean), which has the same expectation and less variance.',
  },
  covariate: {
    name: 'Covariate',
    meaning: 'Known of every unit before it was given its arm. One that the arm can change biases the result.',
  },
  theta: { name: 'θ', meaning: 'The slope of the metric on the covariate, of all arms pooled: covariance ÷ variance.' },
  correlation: {
    name: 'Correlation',
    meaning: 'Of the metric with the covariate. The variance removed is about its square.',
  },
  varianceReduction: {
    name: 'Variance removed',
    meaning: '1 − variance with CUPED ÷ variance without. At 50 % the test needs half the units.',
    unit: '%',
  },
  guardrail: {
    name: 'Guardrail',
    meaning: 'A metric that need not improve but must not get worse by more than its margin.',
  },
  margin: { name: 'Margin', meaning: 'The largest relative change for the worse that is tolerated.', unit: '%' },
  cochranQ: {
    name: "Cochran's Q",
    meaning:
      'Tests that the effect is the same in every part: squared distances from their weighted mean, each by its variance. A small p says that it differs.',
  },
  together: {
    name: 'Together, by size',
    meaning:
      'The differences of the parts, weighted by how many units are in them (post-stratified). Close to the plain difference unless the arms hold different mixes of the parts.',
    unit: 'that of the metric',
  },
  design: {
    name: 'Design',
    meaning:
      'How units are given arms: by user, by a part of the budget of their own, by cluster, by stretch of time (switchback). It decides how much the arms disturb each other.',
  },
  bias: {
    name: 'Bias',
    meaning: 'The mean estimate of a design minus the truth. More data do not remove it.',
    unit: 'that of the metric',
  },
  deviation: {
    name: 'Spread',
    meaning: 'The standard deviation of the estimate of a single test over the simulated ones.',
    unit: 'that of the metric',
  },
  coverage: {
    name: 'Coverage',
    meaning: 'The share of the simulated tests whose interval held the truth. It should be near the level.',
    unit: '%',
  },
  replications: { name: 'Tests', meaning: 'Simulated tests behind a row, each with a seed of its own.' },
  power: {
    name: 'Found (power)',
    meaning: 'The share of the simulated tests whose rule had found the effect by that day.',
    unit: '%',
  },
  mde: {
    name: 'Smallest effect that is found (MDE)',
    meaning:
      'The effect that a test finds in 80 % of the cases. A smaller one needs more units: half the effect needs four times as many.',
  },
  agreement: {
    name: 'Agreement',
    meaning:
      'Whether the intervals of several methods for one quantity can be of the same number. Agreement is no proof: methods can share a wrong assumption.',
  },
};
