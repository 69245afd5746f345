import { ProblemError } from '../../core/model/problem.ts';
import { all, type Connection, exec } from './driver.ts';
import { problemOf, reasonOf } from './errors.ts';

/** Whether a condition is true. It can write nothing. SQLite has no limit for the time of a statement. */
export async function isTrue(connection: Connection, condition: string): Promise<boolean> {
  await exec(connection, 'PRAGMA query_only = ON');
  try {
    const [row] = await all<{ holds: number }>(connection, `SELECT (${condition}\n) IS TRUE AS holds`);
    return row?.holds === 1;
  } catch (error) {
    if (reasonOf(error) === undefined) throw error;
    throw new ProblemError(problemOf(error, undefined), { cause: error });
  } finally {
    await exec(connection, 'PRAGMA query_only = OFF').catch(() => {});
  }
}
