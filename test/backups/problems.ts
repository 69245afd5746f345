import assert from 'node:assert/strict';
import { ProblemError } from '../../src/core/model/problem.ts';
import type { Reason } from '../../src/core/model/reason.ts';
import { TEST_PASSWORD } from '../support/postgres.ts';

/** Expects a ProblemError with that reason and returns its message, which never holds the password. */
export async function problem(reason: Reason, work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    assert.equal(error.problem.reason, reason, error.problem.message);
    assert.ok(!error.problem.message.includes(TEST_PASSWORD));
    return error.problem.message;
  }
  assert.fail(`expected ${reason}, but it went well`);
}
