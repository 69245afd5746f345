import type { z } from 'zod';
import type { failureSchema, positionSchema } from './problem-schema.ts';

/** An expected failure as a value: its reason, and a message that ends with what to do. */
export type Problem = z.infer<typeof failureSchema>;

/** A position in a migration file; line and column start at 1. */
export type SourcePosition = z.infer<typeof positionSchema>;

/** Carries a `Problem` through code that can only throw. Converted back into a value at the end of a step. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem, options?: { cause?: unknown }) {
    super(problem.message, options);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}

/** For a setting, a flag or a manifest that is wrong. */
export function invalidConfiguration(message: string, cause?: unknown): ProblemError {
  return new ProblemError({ reason: 'InvalidConfiguration', message }, cause === undefined ? undefined : { cause });
}

/** The result of what succeeded. Throws the problem of what did not. */
export function orThrow<Result extends { ok: true } | { ok: false; problem: Problem }>(
  result: Result,
): Extract<Result, { ok: true }> {
  if (!result.ok) throw new ProblemError(result.problem);
  return result as Extract<Result, { ok: true }>;
}
