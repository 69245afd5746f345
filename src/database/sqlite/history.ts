import { HISTORY_LAYOUT, HISTORY_TABLE, type HistoryWrite, type OwnTables } from '../../core/model/history.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { Revision } from '../../core/model/revision.ts';
import { BASE_COLUMNS, noHistory, noteText, type RawRow, toHistoryRow, toStoredSource } from '../history-row.ts';
import type { HistoryStore, OtherHistory } from '../port.ts';
import {
  all,
  type Connection,
  exec,
  finalize,
  inTransaction,
  prepare,
  quoteIdentifier,
  run,
  runPrepared,
  type SqliteStatement,
  tableExists,
} from './driver.ts';
import { problemOf, reasonOf } from './errors.ts';

/** The columns that layout 2 added, in their order. */
const SOURCE_COLUMNS = {
  layout: 'INTEGER NOT NULL DEFAULT 1',
  source_format: 'TEXT',
  source_digest: 'TEXT',
  source_note: 'TEXT',
  source: 'BLOB',
};

const createSql = ({ history }: OwnTables) => `CREATE TABLE IF NOT EXISTS ${quoteIdentifier(history)} (
  sequence INTEGER PRIMARY KEY,
  revision TEXT NOT NULL UNIQUE,
  checksum TEXT,
  applied_at TEXT NOT NULL,
  duration_ms INTEGER NOT NULL,
  run_id TEXT NOT NULL,
  tool_version TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('applied', 'started', 'reverting')),
  ${Object.entries(SOURCE_COLUMNS)
    .map(([name, type]) => `${name} ${type}`)
    .join(',\n  ')}
)`;

const ROW = ['revision', 'checksum', 'applied_at', 'duration_ms', 'run_id', 'tool_version', 'state', 'layout'];
const SOURCE = ['source_format', 'source_digest', 'source_note', 'source'];

/** Without a text, the stored one stays. */
const putSql = ({ history }: OwnTables, withSource: boolean) => {
  const names = withSource ? [...ROW, ...SOURCE] : ROW;
  const changes = names.slice(1).map((name) => `${name} = excluded.${name}`);
  return `INSERT INTO ${quoteIdentifier(history)} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})
ON CONFLICT (revision) DO UPDATE SET ${changes.join(', ')}`;
};

function valuesOf(row: HistoryWrite): unknown[] {
  const { revision, checksum, appliedAt, durationMs, runId, toolVersion, state, stored } = row;
  const values = [revision, checksum, appliedAt, durationMs, runId, toolVersion, state, HISTORY_LAYOUT];
  if (stored === undefined) return values;
  const { format = null, digest = null, content } = stored;
  return [...values, format, digest, noteText(stored), content === undefined ? null : Buffer.from(content)];
}

/** One row, on the connection and in the transaction of the caller. */
export function putRow(connection: Connection, own: OwnTables, row: HistoryWrite): Promise<void> {
  return run(connection, putSql(own, row.stored !== undefined), valuesOf(row));
}

/** The same, prepared once: for a session that writes many. Call `end` before the connection is closed. */
export function rowWriter(
  connection: Connection,
  own: OwnTables,
): { put(row: HistoryWrite): Promise<void>; end(): Promise<void> } {
  const statements = new Map<boolean, SqliteStatement>();
  return {
    async put(row) {
      const withSource = row.stored !== undefined;
      const statement = statements.get(withSource) ?? (await prepare(connection, putSql(own, withSource)));
      statements.set(withSource, statement);
      await runPrepared(statement, valuesOf(row));
    },
    async end() {
      for (const statement of statements.values()) await finalize(statement);
      statements.clear();
    },
  };
}

export function removeRow(connection: Connection, own: OwnTables, revision: string): Promise<void> {
  return run(connection, `DELETE FROM ${quoteIdentifier(own.history)} WHERE revision = ?`, [revision]);
}

export function historyStore(connection: Connection, own: OwnTables): HistoryStore {
  const create = createSql(own);
  const columns = async () => {
    const found = await all<{ name: string }>(connection, 'SELECT name FROM pragma_table_info(?)', [own.history]);
    return new Set(found.map(({ name }) => name));
  };
  /** Throws if the history has the default name: a run would apply its migrations again. */
  const there = async () => {
    if (await tableExists(connection, own.history)) {
      const names = await columns();
      if (BASE_COLUMNS.some((name) => !names.has(name))) throw noHistory(quoteIdentifier(own.history));
      return true;
    }
    if (own.history === HISTORY_TABLE || !(await tableExists(connection, HISTORY_TABLE))) return false;
    throw new ProblemError({
      reason: 'InvalidConfiguration',
      message: `The setting history names ${quoteIdentifier(own.history)}, but the history is in ${HISTORY_TABLE}. Move it, and the tables of the baseline and of the runs likewise: ALTER TABLE ${HISTORY_TABLE} RENAME TO ${quoteIdentifier(own.history)};`,
    });
  };
  const missingColumns = async () => {
    const names = await columns();
    return Object.entries(SOURCE_COLUMNS).filter(([name]) => !names.has(name));
  };
  /** Inside a transaction that holds the write lock: creates the table, or adds the columns of the current layout. */
  const complete = async () => {
    await exec(connection, create);
    for (const [name, type] of await missingColumns())
      await exec(connection, `ALTER TABLE ${quoteIdentifier(own.history)} ADD COLUMN ${name} ${type}`);
  };
  return {
    async read() {
      if (!(await there())) return [];
      const sources = (await missingColumns()).length === 0;
      const more = sources
        ? ', layout, source_format AS sourceFormat, source_note AS sourceNote, length(source) AS sourceBytes'
        : '';
      const rows = await all<RawRow>(
        connection,
        `SELECT revision, checksum, applied_at AS appliedAt, duration_ms AS durationMs, run_id AS runId,
                tool_version AS toolVersion, state${more} FROM ${quoteIdentifier(own.history)} ORDER BY sequence`,
      );
      return rows.map((row) => toHistoryRow(row, sources));
    },
    async sources(revisions) {
      if (!(await there()) || (await missingColumns()).length > 0) return new Map();
      const rows = await all<Parameters<typeof toStoredSource>[0] & { revision: Revision }>(
        connection,
        `SELECT revision, source_format AS format, source_digest AS digest, source_note AS note, source AS content
           FROM ${quoteIdentifier(own.history)} WHERE revision IN (SELECT value FROM json_each(?))`,
        [JSON.stringify(revisions)],
      );
      return new Map(rows.map(({ revision, ...row }) => [revision, toStoredSource(row)]));
    },
    async foreign(table) {
      if (!(await tableExists(connection, table))) return undefined;
      return all(connection, `SELECT * FROM ${quoteIdentifier(table)}`);
    },
    async others() {
      if (await there()) return [];
      const tables = await all<{ name: string; ours: number }>(connection, OTHER_HISTORIES, [
        JSON.stringify(BASE_COLUMNS),
      ]);
      if (tables.every(({ ours }) => ours === 1)) return [];
      const found: OtherHistory[] = [];
      for (const { name } of tables.filter(({ ours }) => ours === 1)) {
        const table = quoteIdentifier(name);
        const rows = await all<OtherHistory['rows'][number]>(connection, `SELECT revision, checksum FROM ${table}`);
        found.push({ expected: quoteIdentifier(own.history), table, setting: `history: {table: ${name}}`, rows });
      }
      return found;
    },
    ensure: async () => {
      if (!(await there()) || (await missingColumns()).length > 0) await together(connection, complete);
    },
    put: (rows) =>
      together(connection, async () => {
        await complete();
        for (const row of rows) await putRow(connection, own, row);
      }),
    remove: (revisions) =>
      together(connection, async () => {
        for (const revision of revisions) await removeRow(connection, own, revision);
      }),
  };
}

/** All tables, and whether they have the columns of a history. */
const OTHER_HISTORIES = `
  SELECT s.name, (SELECT count(*) FROM pragma_table_info(s.name) WHERE name IN (SELECT value FROM json_each(?1)))
                 = json_array_length(?1) AS ours
  FROM sqlite_schema s WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY 1`;

/** A busy database, a full disk and missing permissions are expected; any other error is a bug and is not changed. */
function asProblem(error: unknown): never {
  throw reasonOf(error) === undefined ? error : new ProblemError(problemOf(error, undefined), { cause: error });
}

function together(connection: Connection, work: () => Promise<void>): Promise<void> {
  return inTransaction(connection, work).catch(asProblem);
}
