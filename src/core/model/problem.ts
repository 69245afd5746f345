import type { Reason } from './reason.ts';

/** An expected failure as a value: its reason, and a message that ends with what to do. */
export interface Problem {
  reason: Reason;
  message: string;
  migration?: string;
  /** The failed statement, truncated; never with its bound values. */
  statement?: string;
  position?: SourcePosition;
  /** The database's own error code: an SQLSTATE or `SQLITE_…`. */
  code?: string;
}

/** A position in a migration file; line and column start at 1. */
export interface SourcePosition {
  file: string;
  line: number;
  column: number;
}

/** Carries a `Problem` through code that can only throw. Converted back into a value at the end of a step. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem, options?: { cause?: unknown }) {
    super(problem.message, options);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}
