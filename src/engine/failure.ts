import { type Problem, ProblemError } from '../core/model/problem.ts';
import { REASONS, type Reason } from '../core/model/reason.ts';
import type { StepResult } from '../core/model/step.ts';

/** Reasons that pass by themselves: trying the same run again may succeed and can do no harm. */
const PASSING: ReadonlySet<Reason> = new Set<Reason>([
  'DatabaseUnreachable',
  'ConnectionLost',
  'LockHeld',
  'LockTimeout',
  'Interrupted',
  'NoSpace',
  'AuthenticationFailed',
  'DatabaseNotFound',
]);

/** A step that did not go through. */
export type Stop = Exclude<StepResult<object>, { kind: 'done' | 'skipped' }>;

/**
 * The one place where what was thrown or found becomes a step's result. A reason that only a person can settle
 * (exit code 4) blocks; every other fails. What is not a `ProblemError` is a bug of ours: InternalError.
 */
export function failed(thrown: unknown, options: { touched: boolean; retry?: 'safe' | 'never' }): Stop {
  const problem = toProblem(thrown);
  if (REASONS[problem.reason].exit === 4 && !options.touched) return { kind: 'blocked', ...problem };
  const retry = options.retry ?? (PASSING.has(problem.reason) ? 'safe' : 'never');
  return { kind: 'failed', touched: options.touched, retry, ...problem };
}

export function toProblem(thrown: unknown): Problem {
  if (thrown instanceof ProblemError) return thrown.problem;
  if (thrown instanceof Error) return { reason: 'InternalError', message: `${thrown.name}: ${thrown.message}` };
  if (isProblem(thrown)) return thrown;
  return { reason: 'InternalError', message: String(thrown) };
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'reason' in value && 'message' in value;
}
