import type { RunReport } from './report.ts';
import type { VerifiedSchema } from './verified-schema.ts';

/** A finding that did not stop the run, because a comment, a setting or an approval allowed it. */
export interface DecidedFinding {
  rule: string;
  migration?: string;
  /** The reason that the author wrote. */
  why?: string;
  /** `comment`, `safety.ignore`, or who approved the plan. */
  by: string;
}

/** One run, as the database keeps it. */
export interface RunRecord {
  runId: string;
  attempt: number;
  /** `running` until its end is written; `lost` if another run got the lock before that. */
  state: 'running' | 'ended' | 'lost';
  /** `safe-migrate` for a run with all steps, else the command. */
  command: string;
  /** ISO 8601 in UTC. */
  startedAt: string;
  finishedAt?: string;
  /** `pod/x` or `user@host (process 7)`. */
  startedBy: string;
  /** The resource, as `namespace/name`. */
  resource?: string;
  toolVersion: string;
  /** The image of the pod. */
  image?: string;
  result?: RunReport['result'];
  reason?: RunReport['reason'];
  message?: string;
  plan?: { digest: string; direction: 'up' | 'down'; migrations: string[] };
  steps?: { step: string; kind: string; seconds: number }[];
  applied?: string[];
  ignored?: DecidedFinding[];
  approved?: DecidedFinding[];
  /** Name of the backup. */
  backup?: string;
  /** The last schema that this run found equal to its migrations. */
  verified?: VerifiedSchema;
}

/** So many runs are kept, and so many of those that had nothing to do. */
export const KEPT_RUNS = { all: 200, idle: 20 } as const;

/** Reasons of runs that had nothing to do. */
export const IDLE_REASONS: readonly string[] = ['UpToDate', 'AheadOfFiles'];
