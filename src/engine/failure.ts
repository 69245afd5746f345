import { type Problem, ProblemError } from '../core/model/problem.ts';
import { REASONS, type Reason } from '../core/model/reason.ts';
import type { StepResult } from '../core/model/step.ts';

/** Temporary reasons: a retry of the same run may succeed and is safe. */
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

/** A step that failed. */
export type Stop = Exclude<StepResult<object>, { kind: 'done' | 'skipped' }>;

/**
 * The only place where a thrown error or a problem that was found becomes the result of a step. A reason that requires
 * a person (exit code 4) blocks; every other reason fails. Anything but a `ProblemError` is a bug in db-manager:
 * InternalError.
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
