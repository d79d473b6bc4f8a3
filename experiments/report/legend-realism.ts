import type { Term } from './legend.js';

/** The words by which learned simulators are judged, each explained once. */
export const REALISM_TERMS: Readonly<Record<string, Term>> = {
  realismVerdict: {
    name: 'Verdict on a simulator',
    meaning:
      'Fit for training: nothing speaks against it. Usable with care: the reasons say where it is wrong. Refused: it is wrong about what ends sessions, or orders the logged policies against the log, so that what is learned in it is about another world.',
  },
  exitGate: {
    name: 'Exit gate',
    meaning:
      'Whether what ends sessions in the model is what ends them in the log. Checked on held-out rows by the slope, the mean, the calibration error and the direction of the exit.',
  },
  calibrationSlope: {
    name: 'Calibration slope and intercept',
    meaning:
      'Of the log-odds that were predicted, fitted to what happened: 1 and 0 when the model is right. Below 1 it exaggerates, above 1 it is too timid, near 0 its differences are noise, below 0 it has the sign wrong.',
  },
  errorByChance: {
    name: 'Error by chance',
    meaning: 'The calibration error that a perfect model stays below in 95 % of logs of this size.',
    unit: 'probability',
  },
  slice: {
    name: 'Slice',
    meaning:
      'Held-out rows of one kind. Engagement so far is the recent share of the main outcome in the session. Flagged: the prediction lies outside the tolerance and outside the interval of what was observed.',
  },
  clusteredInterval: {
    name: 'Interval of an observed mean',
    meaning:
      'Rows of a session depend on each other, so sessions are what is counted. Of slices: 95 % for all of them together.',
    unit: 'that of the mean',
  },
  ksDistance: {
    name: 'Kolmogorov–Smirnov distance',
    meaning:
      'The largest difference between the shares of logged and of simulated sessions below any value: 0 alike, 1 nothing in common. By chance: what two parts of one population stay below, all distances together, in 95 % of shuffles.',
  },
  wassersteinDistance: {
    name: 'Wasserstein distance',
    meaning:
      'How far sessions would have to move on average for the simulated ones to be distributed as the logged ones.',
    unit: 'that of the quantity',
  },
  rankingAgreement: {
    name: 'Ranking agreement',
    meaning:
      "Pairs of logged policies that the simulator orders as the log does, minus those it orders the other way, as a share of the pairs that the log tells apart (Kendall's τ on those).",
  },
};
