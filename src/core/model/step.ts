import type { Problem } from './problem.ts';

/** The steps of a run, in order. `recover` and `prune` are the last: one on failure, one on success. */
export const STEP_NAMES = [
  'load',
  'connect',
  'inspect',
  'plan',
  'check',
  'approve',
  'lock',
  'confirm',
  'validateBefore',
  'backup',
  'rehearse',
  'apply',
  'verify',
  'recover',
  'prune',
] as const;

export type StepName = (typeof STEP_NAMES)[number];

/**
 * How a step ended. `blocked`: a person must act. `retry: 'safe'`: the same run may be retried automatically.
 * `partial`: results until then, for the report.
 */
export type StepResult<T> =
  | { kind: 'done' | 'skipped'; value: T; message: string }
  | ({ kind: 'blocked'; partial?: Partial<T> } & Problem)
  | ({ kind: 'failed'; touched: boolean; retry: 'safe' | 'never'; partial?: Partial<T> } & Problem);

export type ConditionType =
  | 'Reachable'
  | 'Planned'
  | 'Safe'
  | 'BackedUp'
  | 'Rehearsed'
  | 'Applied'
  | 'Verified'
  | 'Ready'
  | 'Reconciling'
  | 'Stalled'
  | 'InSync'
  | 'Notified';

/** The conditions that the steps of a run set, in the order in which they become true. */
export const RUN_CONDITIONS = [
  'Reachable',
  'Planned',
  'Safe',
  'BackedUp',
  'Rehearsed',
  'Applied',
  'Verified',
] as const satisfies ConditionType[];

export type RunCondition = (typeof RUN_CONDITIONS)[number];

/**
 * The condition of each step. A condition with several steps is true when the last of them is done,
 * false if any fails. `null`: the step is reported in the log of the run and, if it fails, in the reason of Ready.
 */
export const CONDITION_OF_STEP = {
  load: 'Planned',
  connect: 'Reachable',
  inspect: 'Reachable',
  plan: 'Planned',
  check: 'Safe',
  approve: 'Safe',
  lock: null,
  confirm: 'Planned',
  validateBefore: null,
  backup: 'BackedUp',
  rehearse: 'Rehearsed',
  apply: 'Applied',
  verify: 'Verified',
  recover: null,
  prune: null,
} as const satisfies Record<StepName, RunCondition | null>;
