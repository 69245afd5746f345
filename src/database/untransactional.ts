import type { LoadedMigration, SqlStatement } from '../core/model/migration.ts';
import { bodyOf, historyRow, MigrationStopped, runBody } from './one-migration.ts';
import type { DoneMigration, MigrationWork } from './port.ts';
import type { MigrationSession } from './session.ts';

/**
 * A migration that opted out of its transaction (`CREATE INDEX CONCURRENTLY`). A row that says so goes in first, so
 * a killed run is known. When nothing of it has succeeded the row is taken out again and it may simply be rerun.
 */
export async function runOutsideTransaction(
  migration: LoadedMigration,
  work: MigrationWork,
  session: MigrationSession,
): Promise<DoneMigration> {
  const began = performance.now();
  const up = work.direction === 'up';
  let statement: SqlStatement | undefined;
  let started = 0;
  work.onAttempt?.(migration);
  await session.putHistory(historyRow(migration, work, up ? 'started' : 'reverting', began));
  const observation = work.observe ? await session.observe() : undefined;
  try {
    await runBody(bodyOf(migration, work.direction), session, (next) => {
      statement = next;
      started += 1;
    });
  } catch (error) {
    const problem = session.problemOf(error, statement);
    const mended = statement === undefined ? undefined : await session.cleanUpAfter(statement);
    // Only SQL tells how far it came: when its first statement failed, nothing of the migration is there.
    const untouched = statement !== undefined && started === 1;
    if (untouched && up) await session.removeHistory(migration.revision);
    if (untouched && !up) await session.putHistory(historyRow(migration, work, 'applied', began));
    throw new MigrationStopped({
      problem: {
        ...problem,
        migration: migration.revision,
        message: [sentence(problem.message), mended, untouched ? undefined : partly(started - 1)]
          .filter(Boolean)
          .join(' '),
      },
      retry: untouched && problem.reason === 'LockTimeout' ? 'safe' : 'never',
      touched: !untouched,
    });
  }
  const seconds = (performance.now() - began) / 1000;
  const effects = await observation?.effects(migration.revision, seconds);
  if (up) await session.putHistory(historyRow(migration, work, 'applied', began));
  else await session.removeHistory(migration.revision);
  return { revision: migration.revision, seconds, effects };
}

/** A database's message ends without a full stop. */
function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

function partly(statements: number): string {
  const before =
    statements > 0
      ? `${statements} of its statements before this one stay done`
      : 'it may have done a part of its work';
  return `It runs outside a transaction, so ${before}; look at the database, then: db-manager repair.`;
}
