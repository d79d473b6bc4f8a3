import type { AbExperiment } from '../../config/ab-schema.js';
import { drawAssignment, everybody, type Assignment, type AssignmentRequest } from './assignment.js';
import type { EnvStage } from './env-stage.js';
import { playMixed, playPart } from './env-world.js';
import { playMarket } from './market-world.js';
import { replicateMarket } from './replication.js';
import { rowsToBytes } from './rows-file.js';

/** Whose arms are played: one for everybody, or those that a design deals. */
export type Dealing = { readonly everybody: number } | AssignmentRequest;

/** One part of a simulation, as plain data: what it comes to follows from it alone, whoever does it. */
export type Job =
  | { readonly kind: 'sessions'; readonly part: number; readonly arm: number }
  | { readonly kind: 'mixed'; readonly part: number; readonly dealing: AssignmentRequest; readonly same: boolean }
  | {
      readonly kind: 'market';
      readonly dealing: Dealing;
      readonly luck: number;
      readonly same: boolean;
      readonly novel: boolean;
    }
  | { readonly kind: 'replication'; readonly number: number };

/** The name under which a job's result is kept. */
export function jobName(job: Job): string {
  switch (job.kind) {
    case 'sessions':
      return `sessions-arm-${job.arm}-part-${job.part}`;
    case 'mixed':
      return `requests${job.same ? '-aa' : ''}-part-${job.part}`;
    case 'market':
      return 'everybody' in job.dealing ? `market-arm-${job.dealing.everybody}` : `market-test${job.same ? '-aa' : ''}`;
    case 'replication':
      return `replication-${job.number}`;
  }
}

/** Does a job, on a stage where it is one in an env; the bytes are rows, or of a replication its JSON. */
export function carryOut(experiment: AbExperiment, stage: EnvStage | undefined, job: Job): Uint8Array {
  switch (job.kind) {
    case 'sessions':
    case 'mixed': {
      if (stage === undefined) throw new Error(`${job.kind}: only in an env`);
      const part = { experiment, stage, part: job.part };
      const rows =
        job.kind === 'sessions' ? playPart(part, job.arm) : playMixed(part, drawAssignment(job.dealing), job.same);
      return rowsToBytes(rows);
    }
    case 'market':
      return rowsToBytes(playMarket({ ...job, experiment, assignment: deal(job.dealing, experiment.arms.length) }));
    case 'replication':
      return new TextEncoder().encode(JSON.stringify(replicateMarket(experiment, job.number)));
  }
}

function deal(dealing: Dealing, arms: number): Assignment {
  return 'everybody' in dealing ? everybody(dealing.everybody, arms) : drawAssignment(dealing);
}
