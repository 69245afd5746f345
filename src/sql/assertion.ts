/** `-- db-manager:assert <condition>`: a query or an expression that must be true where the comment is. */
import { clip } from '../core/model/clip.ts';
import type { Dialect } from '../core/model/dialect.ts';
import type { Problem } from '../core/model/problem.ts';
import { SQL_RULES } from './rules.ts';

/** The condition, empty if there is none; undefined if the comment is not an assertion. */
export function assertionIn(comment: string): string | undefined {
  const found = /^--[ \t]*db-manager:assert(?![\w-])/.exec(comment);
  if (found === null) return undefined;
  let condition = comment.slice(found[0].length).trim();
  while (condition.endsWith(';')) condition = condition.slice(0, -1).trimEnd();
  return condition;
}

/** A statement that fails unless the condition is true. NULL and no row are not true. */
export function assertionSql(condition: string, dialect: Dialect): string {
  return SQL_RULES[dialect].assertion(condition);
}

/** The problem of a failed assertion; undefined if the database failed for another reason. */
export function assertionProblem(
  condition: string,
  dialect: Dialect,
  error: { code?: string; message: string },
): Pick<Problem, 'reason' | 'message'> | undefined {
  if (!SQL_RULES[dialect].isAssertionFailure(error)) return undefined;
  const shown = clip(condition, 300);
  return { reason: 'AssertionFailed', message: `The assertion is not true: ${shown}` };
}
