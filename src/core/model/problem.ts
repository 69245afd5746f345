import type { Reason } from './reason.ts';

/** An expected failure as a value: why, in one word and in a sentence that ends with what to do. */
export interface Problem {
  reason: Reason;
  message: string;
  migration?: string;
  /** The statement at fault, clipped; never with values bound to it. */
  statement?: string;
  position?: SourcePosition;
  /** The database's own error code: an SQLSTATE or `SQLITE_…`. */
  code?: string;
}

/** A place in a migration file; line and column start at 1. */
export interface SourcePosition {
  file: string;
  line: number;
  column: number;
}

/** Carries a `Problem` through code that can only throw. Turned back into a value where a step ends. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem, options?: { cause?: unknown }) {
    super(problem.message, options);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}
