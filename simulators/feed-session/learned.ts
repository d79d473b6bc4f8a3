import { complaint, expectLength } from '../../core/check.js';
import { hash32 } from '../../core/random.js';
import { checkCatalogue, type Catalogue } from '../../logs/feed-session/catalogue.js';
import { dwellNumber, expectSameLayout } from '../../logs/feed-session/layout.js';
import type { SessionPrefix } from '../../logs/feed-session/prefix.js';
import type { Population } from '../../logs/feed-session/replay.js';
import type { ResponseModel } from '../../reward-models/feed-session/contract.js';
import type { Answers, Crowd, FeedPeople, Luck } from './contract.js';

/** What learned people are made of. */
export interface LearnedParts {
  readonly model: ResponseModel;
  /** Who comes, and in which contexts: `populationOf` some sessions, not those that the model was fitted on. */
  readonly population: Population;
  readonly catalogue: Catalogue;
}

/**
 * A feed whose people answer as a response model says: the main outcome is drawn from P(main | state, item), every other
 * one given it, the dwell time from the log's quantiles, and the end of the session from P(exit | state after). Users and
 * contexts are those of a log; a session's context is one of the logged ones, drawn evenly.
 *
 * All that people remember is the session's prefix, so that a crowd has no columns of its own. The model is asked in
 * plain loops: same luck, same answers on every backend, and a session's answers do not depend on the others asked with
 * it. Nothing is allocated per step.
 *
 * @throws a data error when model, population and catalogue are not of one schema, or nobody is there
 */
export function learnedPeople({ model, population, catalogue }: LearnedParts): FeedPeople {
  checkParts({ model, population, catalogue });
  const { layout } = model;
  const { features, ids, contexts } = population;
  const { log, split } = model.card.fittedOn;
  const [H, F, X] = [layout.outcomes.length, layout.itemNames.length, layout.contextNames.length];
  const sessions = X === 0 ? 0 : contexts.length / X;
  const room = { states: new Float32Array(0), items: new Float32Array(0), chances: new Float64Array(0) };
  /** Writes the states of the sessions that are shown something, one after the other. @returns how many */
  const gather = (shown: Int32Array, prefix: SessionPrefix): number => {
    const S = prefix.places.width;
    if (room.states.length < shown.length * S) {
      room.states = new Float32Array(shown.length * S);
      room.items = new Float32Array(shown.length * F);
      room.chances = new Float64Array(shown.length * 2 * H);
    }
    let n = 0;
    for (let b = 0; b < shown.length; b++) {
      if (shown[b] < 0) continue;
      prefix.write(b, room.states, n * S);
      for (let f = 0, from = shown[b] * F, to = n * F; f < F; f++) room.items[to + f] = catalogue.features[from + f];
      n++;
    }
    return n;
  };
  return {
    about: `people learned from log '${log}', split '${split}' ${JSON.stringify(model.card.settings)}`,
    catalogue,
    layout,
    users: ids.length,
    userFeatures: features,
    userIds: ids,
    fingerprint: [
      hash32(JSON.stringify(model.card)),
      hash32(ids.join('\n')),
      hash32(features.join()),
      hash32(contexts.join()),
      hash32(catalogue.ids.join('\n')),
    ],
    crowd: (worlds) => ({ user: new Int32Array(worlds), columns: {} }),
    begin(_crowd, _b, _visit, draws, context, at) {
      const from = Math.floor(draws.next() * sessions) * X;
      for (let x = 0; x < X; x++) context[at + x] = contexts[from + x];
    },
    answer(_crowd: Crowd, shown: Int32Array, prefix: SessionPrefix, luck: Luck, out: Answers) {
      const { answers, dwellSeconds } = out;
      const n = gather(shown, prefix);
      model.respond(n, room.states, room.items, room.chances);
      for (let b = 0, row = 0; b < shown.length; b++) {
        if (shown[b] < 0) continue;
        const draws = luck.answers.at(b, luck.visit[b], prefix.step[b]);
        const at = b * (H + 1);
        const main = draws.next() < room.chances[row] ? 1 : 0;
        answers[at] = main;
        for (let h = 1; h < H; h++) answers[at + h] = draws.next() < room.chances[row + main * H + h] ? 1 : 0;
        dwellSeconds[b] = model.dwellSeconds(answers, at, catalogue.seconds[shown[b]], draws.next());
        answers[at + H] = dwellNumber(dwellSeconds[b]);
        row += 2 * H;
      }
    },
    leave(_crowd: Crowd, shown: Int32Array, prefix: SessionPrefix, luck: Luck, out: Answers) {
      const n = gather(shown, prefix);
      model.exit(n, room.states, room.chances);
      for (let b = 0, row = 0; b < shown.length; b++) {
        if (shown[b] < 0) continue;
        const draw = luck.leaving.at(b, luck.visit[b], prefix.step[b]).next();
        out.left[b] = draw < room.chances[row++] ? 1 : 0;
      }
    },
  };
}

function checkParts({ model, population, catalogue }: LearnedParts): void {
  const where = 'learned people';
  const { layout } = model;
  const users = population.ids.length;
  checkCatalogue(`${where}: catalogue`, catalogue);
  expectSameLayout(`${where}: population`, layout, population.layout);
  expectSameLayout(`${where}: catalogue`, layout, { ...layout, itemNames: catalogue.names });
  if (users === 0) throw complaint('data', { where, expected: 'users', received: 'an empty population' });
  expectLength(`${where}: user features`, population.features, { users, U: layout.userNames.length });
  const X = layout.contextNames.length;
  if (X > 0 && (population.contexts.length === 0 || population.contexts.length % X !== 0)) {
    throw complaint('data', {
      where: `${where}: contexts`,
      expected: `rows of ${X} numbers`,
      received: `${population.contexts.length} numbers`,
    });
  }
}
