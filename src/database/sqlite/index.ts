/**
 * SQLite. `connection` opens, `driver` turns callbacks into promises, `migrate` is a session for the loop in
 * `../umzug.ts`, `alter/` is a query interface that keeps all data. The files have the same names as PostgreSQL's.
 */
import { CAPABILITIES } from '../../core/model/dialect.ts';
import type { SqliteTarget } from '../../core/model/target.ts';
import type { Database, OpenDatabase, OpenOptions } from '../port.ts';
import { migrateWithUmzug } from '../umzug.ts';
import { baselineStore } from './baseline.ts';
import { checks } from './checks.ts';
import { connect } from './connection.ts';
import { closeFile } from './driver.ts';
import { checkDump, dump } from './dump.ts';
import { dumpStream } from './dump-stream.ts';
import { historyStore } from './history.ts';
import { lock } from './lock.ts';
import { openSession } from './migrate.ts';
import { restore } from './restore.ts';
import { runStore } from './runs.ts';
import { sameExpressions } from './same-expressions.ts';
import { createScratch, dropStaleScratches } from './scratch.ts';
import { countRows, countValues, sizeBytes, tableSizes } from './size.ts';
import { snapshot } from './snapshot.ts';
import { objects, toolTables } from './tool-tables.ts';
import { watch } from './watch.ts';

export async function openSqlite(
  target: SqliteTarget,
  options: OpenOptions,
  /** Opens a scratch copy, which may be on another server. */
  openDatabase: OpenDatabase,
): Promise<Database> {
  const open = await connect(target, options);
  const { path, connection, identity, own } = open;
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
    snapshot: () => snapshot(open.sequelize, { own: own.names }),
    sameExpressions,
    storedCode: async () => [],
    otherSchemas: async () => undefined,
    // By its real path: a symbolic link to the file must not create a second lock.
    lock: (wanted) => lock(identity.id, wanted),
    async migrate(work) {
      const session = await openSession(open, work.timeouts, work.onStatement);
      try {
        return await migrateWithUmzug(work, session);
      } finally {
        await session.close();
      }
    },
    checks: (context) => checks(open, context),
    sizeBytes: () => sizeBytes(path),
    tableSizes: () => tableSizes(connection, own),
    rowCounts: () => countRows(connection, own),
    countValues: (table, column) => countValues(connection, table, column),
    dump: (file, wanted) => dump(path, file, wanted),
    dumpStream: (take, wanted) => dumpStream(path, take, wanted),
    checkDump: (file, _format, wanted) => checkDump(file, wanted),
    restore: (backup, wanted) => restore(path, backup, wanted),
    keptDatabases: async () => [],
    dropKept: async () => {},
    createScratch: (from, wanted) => createScratch({ path, history: target.history }, from, wanted, openDatabase),
    dropStaleScratches: () => dropStaleScratches(path),
    toolTables: (names) => toolTables(connection, names),
    objects: () => objects(connection),
    watch: () => watch(connection, own),
    async close() {
      await open.closeSequelize();
      await closeFile(connection);
    },
  };
}
