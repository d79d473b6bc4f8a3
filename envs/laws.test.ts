import test from 'ava';
import { InterestEvolution } from '../simulators/interest-evolution/interest-evolution.js';
import { brokenEnvs, soundToy } from './broken/index.js';
import type { Env, MakeEnv, StepBatch } from './contract.js';
import { brokenLaws, checkLaws, laws } from './laws.js';
import { CartPole, cartPoleDefaults } from './reference/cartpole.js';
import { InterestEvolutionEnv, interestEvolutionEnvDefaults } from './reference/interest-evolution.js';

test('the toy that the broken envs are made of keeps every law', (t) => {
  t.deepEqual(brokenLaws(soundToy), []);
});

test('CartPole keeps every law', (t) => {
  t.deepEqual(
    brokenLaws((batch) => new CartPole(cartPoleDefaults, batch)),
    [],
  );
});

test('interest evolution keeps every law, with new candidates and with lasting ones', (t) => {
  const world = new InterestEvolution();
  const make =
    (resampleDocuments: boolean, slateSize: number): MakeEnv =>
    (batch) =>
      new InterestEvolutionEnv(world, { ...interestEvolutionEnvDefaults, resampleDocuments, slateSize }, batch);
  t.deepEqual(brokenLaws(make(true, 2)), []);
  t.deepEqual(brokenLaws(make(false, 1)), []);
});

for (const [id, { breaks, make }] of Object.entries(brokenEnvs)) {
  test(`${id} breaks '${breaks}' and nothing else`, (t) => {
    const found = brokenLaws(make);
    t.deepEqual(
      found.map((law) => law.id),
      [breaks],
      JSON.stringify(found, null, 2),
    );
    t.log(found[0].sentence);
  });
}

test('every law has an env that breaks it', (t) => {
  const broken = new Set(Object.values(brokenEnvs).map(({ breaks }) => breaks));
  t.deepEqual(
    Object.keys(laws).filter((id) => ![...broken].some((known) => known === id)),
    [],
  );
});

/** The toy with some of its calls replaced. */
const altered =
  (change: (toy: Env) => Partial<Env>): MakeEnv =>
  (batch) => {
    const toy = soundToy(batch);
    const plain: Env = {
      spec: toy.spec,
      reset: (seed, out) => toy.reset(seed, out),
      step: (action, out) => toy.step(action, out),
      snapshot: () => toy.snapshot(),
      restore: (state) => toy.restore(state),
    };
    return { ...plain, ...change(toy) };
  };

const ids = (make: MakeEnv): string[] => brokenLaws(make).map(({ id }) => id);

test('the toy keeps every law in other clothes, worlds, steps and seeds', (t) => {
  t.deepEqual(ids(altered(() => ({}))), []);
  t.deepEqual(brokenLaws(soundToy, { worlds: 2, steps: 60, seed: 99 }), []);
});

test('an env that throws is reported, not thrown', (t) => {
  const step = (): never => {
    throw new Error('no world today');
  };
  const findings = checkLaws(altered(() => ({ step })));
  const finding = findings.find(({ id }) => id === 'synchronous');
  t.like(finding, { status: 'broken', sentence: 'the env threw while it was played: no world today' });
});

test('rows that step leaves as they were are named', (t) => {
  const make = altered((toy) => ({
    step: (action, out) => {
      const kept = out.endReason.slice();
      toy.step(action, out);
      out.endReason.forEach((reason, b) => {
        if (reason === 0 && kept[b] > 2) out.endReason[b] = kept[b];
      });
    },
  }));
  t.true(ids(make).includes('writes-all-rows'));
});

test('an env that writes into the arrays of the step before is named', (t) => {
  const make = altered((toy) => {
    let before: StepBatch | undefined;
    return {
      step: (action, out) => {
        toy.step(action, out);
        if (before !== undefined && before !== out) before.reward[0] = 1;
        before = out;
      },
    };
  });
  const [law] = brokenLaws(make).filter(({ id }) => id === 'keeps-no-arrays');
  t.is(law.sentence, 'step 2: the env wrote into the arrays of an earlier step');
});

test("an env that changes the caller's actions is named", (t) => {
  const make = altered((toy) => ({
    step: (action, out) => {
      toy.step(action, out);
      action.fill(0);
    },
  }));
  t.true(brokenLaws(make).some(({ sentence }) => sentence.endsWith("the env changed the caller's actions")));
});
