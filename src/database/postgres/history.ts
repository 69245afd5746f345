import pg from 'pg';
import { HISTORY_LAYOUT, HISTORY_TABLE, type HistoryWrite, ownTables } from '../../core/model/history.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { Revision } from '../../core/model/revision.ts';
import type { PostgresTarget } from '../../core/model/target.ts';
import { BASE_COLUMNS, noHistory, noteText, type RawRow, toHistoryRow, toStoredSource } from '../history-row.ts';
import type { HistoryStore, OtherHistory } from '../port.ts';
import { type Client, quoteIdentifier } from './driver.ts';
import { reasonOf } from './errors.ts';
import { inTransaction, qualified, tableExists } from './queries.ts';

/** Location of the history. */
export type HistoryPlace = Pick<PostgresTarget, 'schemas' | 'history'>;

/** Schema-qualified: a migration may change the search path. */
export function historyTable(place: HistoryPlace): string {
  const { schema, history } = ownTables(place);
  return qualified(schema, history);
}

/** A timestamp as ISO 8601 in UTC, independent of DateStyle and TimeZone. */
export function isoText(expression: string): string {
  return `to_char(${expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** The time since the server received the message with this statement. */
const ELAPSED = 'clock_timestamp() - statement_timestamp()';
/** The time since the transaction began. */
const SINCE_BEGIN = 'clock_timestamp() - transaction_timestamp()';

interface PutOptions {
  /** The row was made when the server's clock had this time, in seconds. */
  madeAt?: number;
  /** There is no row of this migration. */
  isNew?: boolean;
}

/**
 * As text, so that it can be sent with a statement of the migration and COMMIT in one round trip. The row's times are
 * those of the sending; the server adds the time that what was sent before it took.
 */
export function putSql(table: string, row: HistoryWrite, { madeAt, isNew }: PutOptions = {}): string {
  const elapsed = madeAt === undefined ? ELAPSED : SINCE_BEGIN;
  const made = madeAt === undefined ? elapsed : `clock_timestamp() - to_timestamp(${madeAt.toFixed(6)})`;
  const { revision, checksum, appliedAt, durationMs, runId, toolVersion, state, stored } = row;
  const milliseconds = `(extract(epoch FROM ${elapsed}) * 1000)::integer`;
  const columns: Record<string, string> = {
    revision: literal(revision),
    checksum: literal(checksum),
    applied_at: `${literal(appliedAt)}::timestamptz + (${made})`,
    duration_ms: `${Math.round(durationMs)} + ${milliseconds}`,
    run_id: literal(runId),
    tool_version: literal(toolVersion),
    state: literal(state),
    layout: String(HISTORY_LAYOUT),
    ...(stored === undefined
      ? {}
      : {
          source_format: literal(stored.format ?? null),
          source_digest: literal(stored.digest ?? null),
          source_note: literal(noteText(stored)),
          source: stored.content === undefined ? 'NULL' : `'\\x${Buffer.from(stored.content).toString('hex')}'::bytea`,
        }),
  };
  const names = Object.keys(columns);
  const changes = names.slice(1).map((name) => `${name} = excluded.${name}`);
  const insert = `INSERT INTO ${table} (${names.join(', ')}) VALUES (${Object.values(columns).join(', ')})`;
  if (isNew) return insert;
  return `${insert}
     ON CONFLICT (revision) DO UPDATE SET ${changes.join(', ')}`;
}

function literal(value: string | null): string {
  return value === null ? 'NULL' : pg.escapeLiteral(value);
}

export function removeSql(table: string, revision: string): string {
  return `DELETE FROM ${table} WHERE revision = ${pg.escapeLiteral(revision)}`;
}

/** The columns that layout 2 added, in their order. */
const SOURCE_COLUMNS = {
  layout: 'smallint NOT NULL DEFAULT 1',
  source_format: 'text',
  source_digest: 'text',
  source_note: 'text',
  source: 'bytea',
};

/** Whoever creates or changes our own tables. */
export const TAKE_TURNS = "SELECT pg_advisory_xact_lock(hashtext('db-manager history'))";

export function historyStore(client: Client, place: HistoryPlace): HistoryStore {
  const { schemas } = place;
  const table = historyTable(place);
  const schema = quoteIdentifier(ownTables(place).schema);
  const usual = historyTable({ schemas });
  /** Whether the table has the columns of the current layout; undefined if there is no table. One round trip. */
  const layout = async (): Promise<{ hasSources: boolean } | undefined> => {
    const { rows } = await client.query<{ there: boolean; base: number; sources: number }>(
      `SELECT to_regclass($1) IS NOT NULL AS there, count(*) FILTER (WHERE attname = ANY ($2))::int AS base,
              count(*) FILTER (WHERE attname = ANY ($3))::int AS sources
       FROM pg_attribute WHERE attrelid = to_regclass($1) AND NOT attisdropped`,
      [table, BASE_COLUMNS, Object.keys(SOURCE_COLUMNS)],
    );
    if (rows[0]?.there === true) {
      if (rows[0].base < BASE_COLUMNS.length) throw noHistory(table);
      return { hasSources: rows[0].sources === Object.keys(SOURCE_COLUMNS).length };
    }
    if (table !== usual && (await tableExists(client, usual))) throw elsewhere(place);
    return undefined;
  };
  /** Adds the columns of the current layout; rows stay as they are. */
  const upgrade = () =>
    inTransaction(client, async () => {
      await client.query(TAKE_TURNS);
      // The table of the history is locked only for a moment, but a backup in progress holds it for its whole time.
      await client.query(`SET LOCAL lock_timeout = '30s'`);
      const columns = Object.entries(SOURCE_COLUMNS).map(([name, type]) => `ADD COLUMN IF NOT EXISTS ${name} ${type}`);
      await client.query(`ALTER TABLE ${table} ${columns.join(', ')}`);
      await client.query(`ALTER TABLE ${table} ALTER COLUMN source SET STORAGE EXTERNAL`);
    }).catch(upgradeRefused);
  const ensure = async () => {
    const found = await layout();
    if (found !== undefined) {
      if (!found.hasSources) await upgrade();
      return;
    }
    // Two concurrent creators collide in the catalogue in spite of IF NOT EXISTS, so they take turns.
    await inTransaction(client, async () => {
      await client.query(TAKE_TURNS);
      // Even with IF NOT EXISTS it needs a privilege on the database, which a user of one schema does not need.
      const { rows } = await client.query<{ there: boolean }>('SELECT to_regnamespace($1) IS NOT NULL AS there', [
        schema,
      ]);
      if (rows[0]?.there !== true) await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
      await client.query(`CREATE TABLE IF NOT EXISTS ${table} (
        sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        revision text NOT NULL UNIQUE,
        checksum text,
        applied_at timestamptz NOT NULL,
        duration_ms integer NOT NULL,
        run_id text NOT NULL,
        tool_version text NOT NULL,
        state text NOT NULL CHECK (state IN ('applied', 'started', 'reverting')),
        ${Object.entries(SOURCE_COLUMNS).map(([name, type]) => `${name} ${type}`)}
      )`);
    });
  };
  return {
    async read() {
      const found = await layout();
      if (found === undefined) return [];
      const sources = found.hasSources;
      const more = sources
        ? ', layout, source_format AS "sourceFormat", source_note AS "sourceNote", octet_length(source) AS "sourceBytes"'
        : '';
      const { rows } = await client.query<RawRow>(
        `SELECT revision, checksum, ${isoText('applied_at')} AS "appliedAt", duration_ms AS "durationMs", run_id AS "runId",
                tool_version AS "toolVersion", state${more} FROM ${table} ORDER BY sequence`,
      );
      return rows.map((row) => toHistoryRow(row, sources));
    },
    async sources(revisions) {
      if (!(await layout())?.hasSources) return new Map();
      const { rows } = await client.query<Parameters<typeof toStoredSource>[0] & { revision: Revision }>(
        `SELECT revision, source_format AS format, source_digest AS digest, source_note AS note, source AS content
         FROM ${table} WHERE revision = ANY ($1)`,
        [revisions],
      );
      return new Map(rows.map(({ revision, ...row }) => [revision, toStoredSource(row)]));
    },
    async foreign(name) {
      // Other tools keep their table in `public` or in the first schema of the search path; Drizzle has a schema of its own.
      for (const place of new Set([...schemas, 'public', 'drizzle'])) {
        const full = qualified(place, name);
        if (!(await tableExists(client, full))) continue;
        return (await client.query<Record<string, unknown>>(`SELECT * FROM ${full}`)).rows;
      }
      return undefined;
    },
    async others() {
      if ((await layout()) !== undefined) return [];
      const { rows } = await client.query<{ schema: string; name: string }>(OTHER_HISTORIES, [
        BASE_COLUMNS,
        ownTables({ schemas }).schema,
      ]);
      const found: OtherHistory[] = [];
      for (const { schema: other, name } of rows) {
        const full = qualified(other, name);
        const content = await client.query<OtherHistory['rows'][number]>(`SELECT revision, checksum FROM ${full}`);
        found.push({ expected: table, table: full, setting: settingOf(other, name, schemas), rows: content.rows });
      }
      return found;
    },
    ensure,
    async put(rows) {
      await ensure();
      await inTransaction(client, async () => {
        for (const row of rows) await client.query(putSql(table, row));
      });
    },
    async remove(revisions) {
      if ((await layout()) !== undefined)
        await client.query(`DELETE FROM ${table} WHERE revision = ANY($1)`, [revisions]);
    },
  };
}

/** $1: the columns of a history. $2: the first schema; nothing is found if it has no tables but histories. */
const OTHER_HISTORIES = `
  WITH tables AS (
    SELECT c.oid, n.nspname AS schema, c.relname AS name,
           (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped AND a.attname = ANY ($1))
             = cardinality($1::text[]) AS ours
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  )
  SELECT schema, name FROM tables
  WHERE ours AND has_schema_privilege(schema, 'USAGE') AND has_table_privilege(oid, 'SELECT')
    AND EXISTS (SELECT FROM tables WHERE schema = $2 AND NOT ours)
  ORDER BY 1, 2 LIMIT 20`;

function settingOf(schema: string, table: string, schemas: readonly string[]): string {
  const parts = [
    ...(schema === ownTables({ schemas }).schema ? [] : [`schema: ${schema}`]),
    ...(table === HISTORY_TABLE ? [] : [`table: ${table}`]),
  ];
  return parts.length === 0 ? 'no history' : `history: {${parts.join(', ')}}`;
}

function upgradeRefused(error: unknown): never {
  const reason = reasonOf(error);
  if (reason !== 'PermissionDenied' && reason !== 'LockTimeout') throw error;
  const why =
    reason === 'PermissionDenied'
      ? 'only its owner can add them. Run this command once as the owner of the table.'
      : 'another session uses the table, probably a backup. Run the command again when it has ended.';
  const text = error instanceof Error ? error.message : String(error);
  throw new ProblemError(
    { reason, message: `The history needs the columns of this version of db-manager, but ${why} (${text})` },
    { cause: error },
  );
}

/** Without this, a run would apply again everything that is applied according to the old table. */
function elsewhere({ schemas, history = {} }: HistoryPlace): ProblemError {
  const from = quoteIdentifier(schemas[0] ?? 'public');
  const to = history.schema === undefined ? from : quoteIdentifier(history.schema);
  const moves = [
    ...(to === from
      ? []
      : [`CREATE SCHEMA IF NOT EXISTS ${to};`, `ALTER TABLE ${from}.${HISTORY_TABLE} SET SCHEMA ${to};`]),
    ...(history.table === undefined
      ? []
      : [`ALTER TABLE ${to}.${HISTORY_TABLE} RENAME TO ${quoteIdentifier(history.table)};`]),
  ];
  return new ProblemError({
    reason: 'InvalidConfiguration',
    message: `The setting history names ${historyTable({ schemas, history })}, but the history is in ${from}.${HISTORY_TABLE}. Move it, and the tables of the baseline and of the runs likewise: ${moves.join(' ')}`,
  });
}
