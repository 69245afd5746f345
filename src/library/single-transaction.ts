import type { Direction, LoadedMigration } from '../core/model/migration.ts';
import { invalidConfiguration, type Problem } from '../core/model/problem.ts';
import { joinSentences } from '../core/model/sentences.ts';
import { listNames } from '../core/planning/names.ts';

/**
 * Refuses to run migrations in one transaction if one of them would end it or cannot run in it: what ran before would be
 * committed. Throws ProblemError InvalidConfiguration.
 */
export function requireOneTransaction(migrations: readonly LoadedMigration[], direction: Direction): void {
  const outside = migrations.filter(({ transactional }) => !transactional[direction]);
  if (outside.length === 0) return;
  const names = listNames(outside.map(({ revision }) => revision));
  throw invalidConfiguration(
    `${names} ${outside.length === 1 ? 'runs' : 'run'} outside a transaction: transaction: false, BEGIN and COMMIT in the file, or a statement such as CREATE INDEX CONCURRENTLY. Nothing was run. Run the command without --single-transaction.`,
  );
}

/** The problem of one migration, where all share one transaction. */
export function ofAll(problem: Problem, direction: Direction): Problem {
  const none = direction === 'up' ? 'none of them was applied' : 'none of them was reverted';
  return { ...problem, message: joinSentences(problem.message, `All migrations share one transaction, so ${none}.`) };
}
