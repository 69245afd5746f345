import { type HistoryRow, ownTables } from '../core/model/history.ts';
import {
  byDialect,
  type DatabaseTarget,
  type PostgresTarget,
  type SqliteTarget,
  type Timeouts,
} from '../core/model/target.ts';
import type { HistoryStore } from './port.ts';

/** The part of the history store that only reads. */
export type HistoryReader = Pick<HistoryStore, 'read' | 'sources'>;

/**
 * Reads only the history, over the bare driver, for `migrate current` and `wait`. Neither Sequelize nor Umzug is
 * loaded, which is most of the cost of opening a database. Throws ProblemError as `openDatabase` does.
 */
export function readHistory(target: DatabaseTarget, timeouts: Timeouts): Promise<HistoryRow[]> {
  return withHistory(target, timeouts, (history) => history.read());
}

/** The same, for more than one question on one connection. */
export async function withHistory<T>(
  target: DatabaseTarget,
  timeouts: Timeouts,
  use: (history: HistoryReader) => Promise<T>,
): Promise<T> {
  return byDialect(target, {
    sqlite: (file) => fromSqlite(file, use),
    postgres: (server) => fromPostgres(server, timeouts, use),
  });
}

async function fromSqlite<T>(target: SqliteTarget, use: (history: HistoryReader) => Promise<T>): Promise<T> {
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
    return await use(historyStore(connection, ownTables(target)));
  } finally {
    await closeFile(connection);
  }
}

async function fromPostgres<T>(
  target: PostgresTarget,
  timeouts: Timeouts,
  use: (history: HistoryReader) => Promise<T>,
): Promise<T> {
  const [{ connectWithRetry }, { historyStore }, { withClient }] = await Promise.all([
    import('./postgres/connect-with-retry.ts'),
    import('./postgres/history.ts'),
    import('./postgres/queries.ts'),
  ]);
  const connecting = connectWithRetry(target, { timeouts, applicationName: 'db-manager history' });
  return withClient(
    connecting.then(({ client }) => client),
    (client) => use(historyStore(client, target)),
  );
}
