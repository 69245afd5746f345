import { join } from 'node:path';
import type { LoadedMigration } from '../../core/model/migration.ts';
import type { Problem } from '../../core/model/problem.ts';
import { openDatabase } from '../../database/open.ts';
import { withTemporaryFolder } from '../../database/temporary-folder.ts';
import { recordOn } from '../../engine/recording.ts';
import { withIdleTimeout } from '../../migrations/statements/idle-timeout.ts';
import type { Recorded } from '../../migrations/statements/read.ts';
import { MOST_STATEMENTS, recorder } from '../../migrations/statements/record.ts';

const TIMEOUTS = { connect: 10_000, lock: 10_000, statement: 0, run: 0 };

/**
 * The statements that code sends to SQLite: all migrations run on an empty file in the temporary folder of the system. A
 * migration that fails there is skipped, and the next ones run without it.
 */
export async function recordOnFile(
  folder: string,
  migrations: readonly LoadedMigration[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Recorded>> {
  const last = migrations.findLastIndex(({ up }) => up.kind === 'code');
  const all = new Map<string, Recorded>();
  if (last < 0) return all;
  return withTemporaryFolder('lint', async (room) => {
    const target = { dialect: 'sqlite', path: join(room, 'lint.db') } as const;
    const database = await openDatabase(target, {
      timeouts: TIMEOUTS,
      applicationName: 'db-manager lint',
      create: true,
    });
    try {
      let rest = migrations.slice(0, last + 1);
      while (rest.length > 0) {
        const heard = recorder(folder, MOST_STATEMENTS);
        const work = { migrations: rest, direction: 'up', folder, runId: 'lint', timeouts: TIMEOUTS, signal } as const;
        let problem: Problem | undefined;
        const recording = recordOn(database, work, heard).then((done) => {
          problem = done.problem;
        });
        for (const [revision, what] of await withIdleTimeout(heard, recording)) all.set(revision, what);
        const stuck = rest.findIndex(({ revision }) => revision === problem?.migration);
        rest = stuck < 0 || signal?.aborted ? [] : rest.slice(stuck + 1);
      }
    } finally {
      await database.close();
    }
    return all;
  });
}
