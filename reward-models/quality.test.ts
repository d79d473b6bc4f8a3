import test from 'ava';
import fc from 'fast-check';
import { areaUnderCurve, calibrationError, logLoss, qualityOf, reliabilityTable, squaredLoss } from './quality.js';

const near = (a: number, b: number, tolerance = 1e-9): boolean => Math.abs(a - b) < tolerance;

test('log-loss by hand: −(ln 0.8 + ln 0.7 + ln 0.5) / 3, and a certain mistake is finite', (t) => {
  t.true(near(logLoss([0.8, 0.3, 0.5], [1, 0, 1]), -(Math.log(0.8) + Math.log(0.7) + Math.log(0.5)) / 3));
  t.true(near(logLoss([0], [1]), 12 * Math.LN10));
  t.is(squaredLoss([1, 3], [2, 1]), 2.5);
});

test('AUC by hand: wins plus half the ties, over all pairs of a positive and a negative', (t) => {
  // positives 0.9 0.4 0.3; negatives 0.3 0.1: (0.9>0.3, 0.9>0.1, 0.4>0.3, 0.4>0.1, 0.3=0.3, 0.3>0.1) = 5.5 of 6.
  t.true(near(areaUnderCurve([0.9, 0.4, 0.3, 0.3, 0.1], [1, 1, 1, 0, 0]), 5.5 / 6));
  // positives 0.5 0.2; negatives 0.5 0.3 0.1: ½ + 1 + 1 + 0 + 0 + 1 = 3.5 of 6.
  t.true(near(areaUnderCurve([0.5, 0.2, 0.5, 0.3, 0.1], [1, 1, 0, 0, 0]), 3.5 / 6));
  t.true(Number.isNaN(areaUnderCurve([0.1, 0.2], [0, 0])));
  t.is(areaUnderCurve([0.3, 0.3, 0.3], [0, 1, 0]), 0.5);
});

test('AUC equals the share over all pairs', (t) => {
  const row = fc.tuple(fc.integer({ min: 0, max: 6 }), fc.boolean());
  const property = fc.property(fc.array(row, { minLength: 2, maxLength: 40 }), (rows) => {
    const predicted = rows.map(([p]) => p / 6);
    const observed = rows.map(([, y]) => Number(y));
    let wins = 0;
    let pairs = 0;
    predicted.forEach((p, i) => {
      predicted.forEach((q, j) => {
        if (observed[i] !== 1 || observed[j] !== 0) return;
        pairs++;
        wins += p > q ? 1 : p === q ? 0.5 : 0;
      });
    });
    const area = areaUnderCurve(predicted, observed);
    return pairs === 0 ? Number.isNaN(area) : near(area, wins / pairs);
  });
  t.notThrows(() => fc.assert(property));
});

test('reliability by hand: two bins of two rows', (t) => {
  const table = reliabilityTable([0.9, 0.1, 0.3, 0.7], [1, 0, 1, 1], 2);
  t.is(table.length, 2);
  t.is(table[0].rows, 2);
  t.true(near(table[0].meanPredicted, 0.2) && near(table[0].meanObserved, 0.5));
  t.true(near(table[1].meanPredicted, 0.8) && near(table[1].meanObserved, 1));
  t.true(near(calibrationError(table), 0.5 * 0.3 + 0.5 * 0.2));
});

test('rows of one prediction share a bin: a constant has one bin and the error of its mean', (t) => {
  const table = reliabilityTable(
    new Float64Array(50).fill(0.2),
    Float64Array.from({ length: 50 }, (_, n) => n % 2),
  );
  t.is(table.length, 1);
  t.true(near(calibrationError(table), 0.3));
});

test('bins hold every row once, in ascending order of prediction', (t) => {
  const property = fc.property(
    fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 60 }),
    fc.integer({ min: 1, max: 12 }),
    (values, bins) => {
      const table = reliabilityTable(values, values, bins);
      const rows = table.reduce((sum, bin) => sum + bin.rows, 0);
      const rising = table.every((bin, i) => i === 0 || bin.meanPredicted > table[i - 1].meanPredicted);
      return rows === values.length && rising && table.length <= bins && calibrationError(table) < 1e-12;
    },
  );
  t.notThrows(() => fc.assert(property));
});

test('quality of a head: the constant is the mean of the fitting rows, values have squared loss and no AUC', (t) => {
  const clicks = qualityOf({ unit: 'probability', mean: 0.5 }, [0.9, 0.2], [1, 0]);
  t.true(near(clicks.lossOfConstant, Math.LN2));
  t.is(clicks.auc, 1);
  const dwell = qualityOf({ unit: 'value', mean: 10 }, [8, 14], [10, 14]);
  t.deepEqual([dwell.loss, dwell.lossOfConstant], [2, 8]);
  t.true(Number.isNaN(dwell.auc));
  t.throws(() => qualityOf({ unit: 'value', mean: 0 }, [1, 2], [1]), { message: /expected 2 numbers/ });
});
