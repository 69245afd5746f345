import type { HistoryRow } from '../core/model/history.ts';
import type { MigrationFile } from '../core/model/migration.ts';
import type { Problem } from '../core/model/problem.ts';
import type { Session } from './session.ts';

/** A problem of the plan with everything that the history knows about it. */
export async function explained(
  problem: Problem,
  { settings, database }: Pick<Session, 'settings' | 'database'>,
  files: readonly MigrationFile[],
  history: readonly HistoryRow[],
): Promise<Problem> {
  if (problem.reason === 'MissingMigration' && settings.unknownApplied === 'Downgrade') {
    const message = `${problem.message} unknownApplied: Downgrade reverts only with a backup: db-manager safe-migrate`;
    return { ...problem, message };
  }
  if (problem.reason !== 'ChecksumMismatch') return problem;
  const { explainMismatch } = await import('../migrations/stored/explain.ts');
  return explainMismatch(problem, settings.migrations, files, history, database.history);
}
