/**
 * PostgreSQL. `connection` opens, `migrate` is a session for the loop in `../umzug.ts`, `lock` is the one writer.
 * The files have the same names as SQLite's.
 */
import { CAPABILITIES } from '../../core/model/dialect.ts';
import { ownTables } from '../../core/model/history.ts';
import type { PostgresTarget } from '../../core/model/target.ts';
import type { Database, DumpOptions, OpenDatabase, OpenOptions } from '../port.ts';
import { migrateWithUmzug } from '../umzug.ts';
import { baselineStore } from './baseline.ts';
import { checks } from './checks.ts';
import { otherSchemas } from './checks-schemas.ts';
import { connect } from './connection.ts';
import { checkDump, dump } from './dump.ts';
import { mapErrors } from './errors.ts';
import { historyStore } from './history.ts';
import { dropKept, keptDatabases } from './kept-databases.ts';
import { lock } from './lock.ts';
import { openSession } from './migrate.ts';
import { restore } from './restore.ts';
import { runStore } from './runs.ts';
import { sameExpressions } from './same-expressions.ts';
import { createScratch, dropStaleScratches } from './scratch.ts';
import { countRows, countValues, sizeBytes, tableSizes } from './size.ts';
import { snapshot } from './snapshot.ts';
import { storedCode } from './stored-code.ts';
import { objects, toolTables } from './tool-tables.ts';
import { watch } from './watch.ts';

export async function openPostgres(
  target: PostgresTarget,
  options: OpenOptions,
  /** Opens a scratch copy, which may be on another server. */
  openDatabase: OpenDatabase,
): Promise<Database> {
  const open = await connect(target, options);
  const { identity } = open;
  const { schemas } = target;
  const own = ownTables(target);
  // A backup without its history could not be migrated after a restore.
  const withHistory = (wanted: DumpOptions): DumpOptions =>
    wanted.schemas && target.history?.schema
      ? { ...wanted, schemas: [...new Set([...wanted.schemas, target.history.schema])] }
      : wanted;
  return mapErrors<Database>({
    dialect: 'postgres',
    can: CAPABILITIES.postgres,
    identity,
    get sequelize() {
      return open.sequelize;
    },
    // With the current connection each time: a restore replaces it.
    get history() {
      return mapErrors(historyStore(open.client, target));
    },
    get runs() {
      return mapErrors(runStore(open.client, target));
    },
    baseline: mapErrors(baselineStore(open)),
    snapshot: () => snapshot(open.sequelize, { schemas, own: own.names }),
    sameExpressions: (doubts) => sameExpressions(open.client, doubts),
    storedCode: () => storedCode(open.client),
    otherSchemas: () => otherSchemas(open),
    lock: (wanted) => lock(open, wanted),
    async migrate(work) {
      const session = await openSession(open, work);
      try {
        return await migrateWithUmzug(work, session);
      } finally {
        await session.close();
      }
    },
    checks: (context) => checks(open, context),
    sizeBytes: () => sizeBytes(open.client),
    tableSizes: () => tableSizes(open.client, schemas, own.names),
    rowCounts: () => countRows(open.client, schemas, own.names),
    countValues: (table, column) => countValues(open.client, schemas, table, column),
    dump: (file, wanted) => dump(open, file, withHistory(wanted)),
    dumpStream: (take, wanted) => dump(open, take, withHistory(wanted)),
    checkDump: (file, _format, wanted) => checkDump(file, wanted),
    restore: (backup, wanted) => restore(open, backup, wanted),
    keptDatabases: () => keptDatabases(open),
    dropKept: (name) => dropKept(open, name),
    createScratch: (from, wanted) => createScratch(open, from, wanted, openDatabase),
    dropStaleScratches: () => dropStaleScratches(open),
    toolTables: (names) => toolTables(open.client, names),
    objects: () => objects(open),
    watch: () => watch(open),
    dial: (parameters, wanted) => open.dial(parameters, wanted),
    async close() {
      await open.closeSequelize();
      await open.client.end();
    },
  });
}
