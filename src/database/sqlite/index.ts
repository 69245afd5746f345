/**
 * SQLite. `connection` opens, `driver` turns callbacks into promises, `migrate` is a session for the loop in
 * `../umzug.ts`, `alter/` is a query interface that keeps all data. The files have the same names as PostgreSQL's.
 * What a command that has nothing to do does not need is loaded when it is used.
 */
import { CAPABILITIES } from '../../core/model/dialect.ts';
import type { SqliteTarget } from '../../core/model/target.ts';
import type { Database, OpenDatabase, OpenOptions } from '../port.ts';
import { baselineStore } from './baseline.ts';
import { connect } from './connection.ts';
import { closeFile } from './driver.ts';
import { historyStore } from './history.ts';
import { lock } from './lock.ts';
import { runStore } from './runs.ts';
import { sameExpressions } from './same-expressions.ts';
import { countRows, countValues, sizeBytes, tableSizes } from './size.ts';
import { objects, toolTables } from './tool-tables.ts';

export async function openSqlite(
  target: SqliteTarget,
  options: OpenOptions,
  /** Opens a scratch copy, which may be on another server. */
  openDatabase: OpenDatabase,
): Promise<Database> {
  const open = await connect(target, options);
  const { path, connection, identity, realPath, own } = open;
  return {
    dialect: 'sqlite',
    can: CAPABILITIES.sqlite,
    identity,
    get sequelize() {
      return open.sequelize;
    },
    history: historyStore(connection, own),
    runs: runStore(connection, own),
    baseline: baselineStore(connection, own),
    snapshot: async () => (await import('./snapshot.ts')).snapshot(connection, { own: own.names }),
    sameExpressions,
    storedCode: async () => [],
    otherSchemas: async () => undefined,
    // By its real path: a symbolic link to the file must not create a second lock.
    lock: (wanted) => lock(realPath, wanted),
    async migrate(work) {
      const [{ openSession }, { migrateWithUmzug }] = await Promise.all([
        import('./migrate.ts'),
        import('../umzug.ts'),
      ]);
      const session = await openSession(open, work.timeouts, work.onStatement);
      try {
        return await migrateWithUmzug(work, session);
      } finally {
        await session.close();
      }
    },
    checks: async (context) => (await import('./checks.ts')).checks(open, context),
    sizeBytes: () => sizeBytes(path),
    tableSizes: () => tableSizes(connection, own),
    rowCounts: () => countRows(connection, own),
    countValues: (table, column) => countValues(connection, table, column),
    isTrue: async (condition) => (await import('./is-true.ts')).isTrue(connection, condition),
    dump: async (file, wanted) => (await import('./dump.ts')).dump(path, file, wanted),
    dumpStream: async (take, wanted) => (await import('./dump-stream.ts')).dumpStream(path, take, wanted),
    checkDump: async (file, _format, wanted) => (await import('./dump.ts')).checkDump(file, wanted),
    restore: async (backup, wanted) => (await import('./restore.ts')).restore(path, backup, wanted),
    keptDatabases: async () => [],
    dropKept: async () => {},
    createScratch: async (from, wanted) =>
      (await import('./scratch.ts')).createScratch({ path, history: target.history }, from, wanted, openDatabase),
    prepareScratch: async () => undefined,
    dropStaleScratches: async () => (await import('./scratch.ts')).dropStaleScratches(path),
    toolTables: (names) => toolTables(connection, names),
    preparedTransactions: async () => [],
    objects: () => objects(connection),
    watch: async () => (await import('./watch.ts')).watch(connection, path, own),
    async close() {
      await open.closeSequelize();
      await closeFile(connection);
    },
  };
}
