import { type HistoryRow, ownTables } from '../core/model/history.ts';
import {
  byDialect,
  type DatabaseTarget,
  type PostgresTarget,
  type SqliteTarget,
  type Timeouts,
} from '../core/model/target.ts';

/**
 * Reads only the history, over the bare driver, for `migrate current` and `wait`. Neither Sequelize nor Umzug is
 * loaded, which is most of the cost of opening a database. Throws ProblemError as `openDatabase` does.
 */
export async function readHistory(target: DatabaseTarget, timeouts: Timeouts): Promise<HistoryRow[]> {
  return byDialect(target, { sqlite: fromSqlite, postgres: (server) => fromPostgres(server, timeouts) });
}

async function fromSqlite(target: SqliteTarget): Promise<HistoryRow[]> {
  const [{ inspectFile }, { closeFile, openFile }, { historyStore }] = await Promise.all([
    import('./sqlite/file.ts'),
    import('./sqlite/driver.ts'),
    import('./sqlite/history.ts'),
  ]);
  const { path } = target;
  await inspectFile(path, false);
  const connection = await openFile(path);
  connection.configure('busyTimeout', 5_000);
  try {
    return await historyStore(connection, ownTables(target)).read();
  } finally {
    await closeFile(connection);
  }
}

async function fromPostgres(target: PostgresTarget, timeouts: Timeouts): Promise<HistoryRow[]> {
  const [{ connectWithRetry }, { historyStore }] = await Promise.all([
    import('./postgres/connect-with-retry.ts'),
    import('./postgres/history.ts'),
  ]);
  const { client } = await connectWithRetry(target, { timeouts, applicationName: 'db-manager history' });
  try {
    return await historyStore(client, target).read();
  } finally {
    await client.end();
  }
}
