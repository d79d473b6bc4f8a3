import test from 'ava';
import { envMaker } from '../index.js';
import { brokenLaws } from '../laws.js';
import { FEED_SESSION } from './feed-session.js';

const settings: Readonly<Record<string, object>> = {
  'as it comes': {},
  'slates of three': { slateSize: 3 },
  'from the catalogue': { source: 'catalogue' },
  'clusters with injected ones': { source: 'clusters', candidates: 10, injected: 2 },
  'injected ones in slates': { injected: 3, slateSize: 2 },
  'drift, new items, users who return': { returning: true, world: { drift: 0.3, newItems: 0.3, newItemVisits: 3 } },
  'new items drawn for slates': { source: 'catalogue', slateSize: 2, world: { newItems: 0.5 } },
  'the null world': { world: { leverage: 'none' } },
  'strong leverage, a low limit': { maxSteps: 8, world: { leverage: 'strong' } },
};

for (const [name, { world, ...given }] of Object.entries<{ readonly world?: object }>(settings)) {
  test(`every law is kept: ${name}`, (t) => {
    const make = envMaker(FEED_SESSION, { ...given, world: { users: 60, items: 300, ...world } });
    t.deepEqual(brokenLaws(make, { steps: 120 }), []);
  });
}
