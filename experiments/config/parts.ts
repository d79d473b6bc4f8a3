import { z } from 'zod';

/** What the kinds of experiment files share. */

const settingValue = z.union([z.number(), z.string(), z.boolean(), z.array(z.number()), z.array(z.string())]);
export const settings = z
  .record(z.string(), z.union([settingValue, z.record(z.string(), settingValue)]))
  .default({})
  .describe('Settings that differ from the defaults; see "recsys-gym agents list" and the README of its folder.');

export const id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,60}$/, 'expected lower-case letters, digits and hyphens')
  .describe('Name of the experiment; its runs are kept in logs/runs/<id>.');
export const question = z.string().min(8).describe('One sentence that a reader can disagree with.');
export const seed = z.int().min(0).describe('Everything random in the run follows from it.');

export const feedOfRun = z
  .strictObject({
    path: z.string().min(1).describe('Folder of a finished run of kind feed-session.'),
    seed: z.int().min(0).optional().describe('One of its seeds; the first unless given.'),
    people: z
      .enum(['learned', 'world'])
      .default('learned')
      .describe('Who plays: the people that the run learned from its log, or the generated world that wrote it.'),
  })
  .describe(
    'Play recsys/FeedSession-v1 with the feed of a run: its retrieval, settings and reward; its ranker is what supervised, mmr and recomind are built on.',
  );

export const interval = {
  level: z.number().gt(0.5).lt(1).default(0.95).describe('Two-sided confidence level of every interval.'),
};
