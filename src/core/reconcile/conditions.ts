import { clip } from '../model/clip.ts';
import type { Reason } from '../model/reason.ts';
import type { StepReport } from '../model/report.ts';
import type { Condition } from '../model/resource-status.ts';
import {
  CONDITION_OF_STEP,
  type ConditionType,
  RUN_CONDITIONS,
  type RunCondition,
  STEP_NAMES,
  type StepName,
} from '../model/step.ts';
import { LIMITS } from './truncate.ts';

/** A condition as computed, before it is compared with the current one. */
export interface ConditionDraft {
  type: ConditionType;
  status: Condition['status'];
  reason: Reason;
  message: string;
}

interface StepsContext {
  /** Whether more steps may follow. */
  running: boolean;
  /** Whether the plan was empty: then the whole plan is already in the history. */
  nothingPlanned?: boolean;
}

/** The verdicts of the steps of a run, one for each of `RUN_CONDITIONS`, in that order. */
export function conditionsFromSteps(steps: readonly StepReport[], context: StepsContext): ConditionDraft[] {
  const reported = new Map(steps.map((step) => [step.step, step]));
  return RUN_CONDITIONS.map((type) => ({ type, ...verdictOf(type, reported, context) }));
}

const STEPS_OF = Object.fromEntries(
  RUN_CONDITIONS.map((type) => [type, STEP_NAMES.filter((step) => CONDITION_OF_STEP[step] === type)]),
) as Record<RunCondition, StepName[]>;

/** Steps that repeat the decision of an earlier step: the condition does not wait for them. */
const LATER_STEPS: ReadonlySet<StepName> = new Set(['confirm']);

type Saying = Omit<ConditionDraft, 'type'>;

function verdictOf(type: RunCondition, reported: ReadonlyMap<StepName, StepReport>, context: StepsContext): Saying {
  const names = STEPS_OF[type];
  const own = names.map((name) => reported.get(name)).filter((step) => step !== undefined);
  const wrong = own.find(({ kind }) => kind === 'failed' || kind === 'blocked');
  if (wrong !== undefined) return { status: 'False', reason: wrong.reason ?? 'InternalError', message: wrong.message };
  if (names.some((name) => !LATER_STEPS.has(name) && !reported.has(name))) {
    return context.running
      ? { status: 'Unknown', reason: 'Running', message: 'not started' }
      : { status: 'Unknown', reason: 'Skipped', message: 'not run: an earlier step ended the run' };
  }
  const done = own.filter(({ kind }) => kind === 'done');
  const message = (done.at(-1) ?? own.at(-1))?.message ?? '';
  if (done.length > 0) return { status: 'True', reason: 'Succeeded', message };
  if (type === 'Applied' && context.nothingPlanned === true) return { status: 'True', reason: 'UpToDate', message };
  return { status: 'Unknown', reason: 'Skipped', message };
}

/**
 * The conditions of the status. A transition time changes only if the status of its condition changes
 * (Kubernetes API conventions, "Typical status properties").
 */
export function settleConditions(
  verdicts: readonly ConditionDraft[],
  previous: readonly Condition[] | undefined,
  generation: number | undefined,
  now: Date,
): Condition[] {
  return verdicts.map(({ type, status, reason, message }) => {
    const before = previous?.find((condition) => condition.type === type);
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : secondsOf(now);
    return {
      type,
      status,
      reason,
      message: clip(message, LIMITS.message),
      lastTransitionTime,
      // For the conditions of a run, status.observedGeneration is enough.
      ...(generation === undefined || isOfRun(type) ? {} : { observedGeneration: generation }),
    };
  });
}

/** Whether a condition is of the last run, not of the resource as a whole. */
export function isOfRun(type: string): boolean {
  return RUN_CONDITIONS.some((name) => name === type);
}

/** RFC 3339 without fractions, as the API server writes times. */
export function secondsOf(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
