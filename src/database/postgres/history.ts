import pg from 'pg';
import { HISTORY_TABLE, type HistoryRow, ownTables } from '../../core/model/history.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { PostgresTarget } from '../../core/model/target.ts';
import type { HistoryStore } from '../port.ts';
import { type Client, quoteIdentifier } from './driver.ts';

/** Location of the history. */
export type HistoryPlace = Pick<PostgresTarget, 'schemas' | 'history'>;

/** Schema-qualified: a migration may change the search path. */
export function historyTable(place: HistoryPlace): string {
  const { schema, history } = ownTables(place);
  return `${quoteIdentifier(schema)}.${quoteIdentifier(history)}`;
}

/** A timestamp as ISO 8601 in UTC, independent of DateStyle and TimeZone. */
export function isoText(expression: string): string {
  return `to_char(${expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** The time since the server received the message with this statement. */
const ELAPSED = 'clock_timestamp() - statement_timestamp()';

/**
 * As text, so that it can be sent with a statement of the migration and COMMIT in one round trip. The row's times are
 * those of the sending; the server adds the time that the statements before it took.
 */
export function putSql(table: string, row: HistoryRow): string {
  const { revision, checksum, appliedAt, durationMs, runId, toolVersion, state } = row;
  const text = (value: string | null) => (value === null ? 'NULL' : pg.escapeLiteral(value));
  const milliseconds = `(extract(epoch FROM ${ELAPSED}) * 1000)::integer`;
  return `INSERT INTO ${table} (revision, checksum, applied_at, duration_ms, run_id, tool_version, state)
     VALUES (${text(revision)}, ${text(checksum)}, ${text(appliedAt)}::timestamptz + (${ELAPSED}),
       ${Math.round(durationMs)} + ${milliseconds}, ${text(runId)}, ${text(toolVersion)}, ${text(state)})
     ON CONFLICT (revision) DO UPDATE SET checksum = excluded.checksum, applied_at = excluded.applied_at,
       duration_ms = excluded.duration_ms, run_id = excluded.run_id, tool_version = excluded.tool_version, state = excluded.state`;
}

export function removeSql(table: string, revision: string): string {
  return `DELETE FROM ${table} WHERE revision = ${pg.escapeLiteral(revision)}`;
}

export function historyStore(client: Client, place: HistoryPlace): HistoryStore {
  const { schemas } = place;
  const table = historyTable(place);
  const schema = quoteIdentifier(ownTables(place).schema);
  const usual = historyTable({ schemas });
  const exists = async (name: string) => {
    const { rows } = await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [name]);
    return rows[0]?.there === true;
  };
  const there = async () => {
    if (await exists(table)) return true;
    if (table !== usual && (await exists(usual))) throw elsewhere(place);
    return false;
  };
  const ensure = async () => {
    if (await there()) return;
    // Two concurrent creators collide in the catalogue in spite of IF NOT EXISTS, so they take turns.
    await together(client, async () => {
      await client.query("SELECT pg_advisory_xact_lock(hashtext('db-manager history'))");
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
        state text NOT NULL CHECK (state IN ('applied', 'started', 'reverting'))
      )`);
    });
  };
  return {
    async read() {
      if (!(await there())) return [];
      const { rows } = await client.query<HistoryRow>(
        `SELECT revision, checksum, ${isoText('applied_at')} AS "appliedAt", duration_ms AS "durationMs", run_id AS "runId",
                tool_version AS "toolVersion", state FROM ${table} ORDER BY sequence`,
      );
      return rows;
    },
    async foreign(name) {
      // Other tools keep their table in `public` or in the first schema of the search path.
      for (const place of [...new Set([...schemas, 'public'])]) {
        const full = `${quoteIdentifier(place)}.${quoteIdentifier(name)}`;
        const { rows } = await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [full]);
        if (rows[0]?.there === true) return (await client.query<Record<string, unknown>>(`SELECT * FROM ${full}`)).rows;
      }
      return undefined;
    },
    ensure,
    async put(rows) {
      await ensure();
      await together(client, async () => {
        for (const row of rows) await client.query(putSql(table, row));
      });
    },
    async remove(revisions) {
      if (await there()) await client.query(`DELETE FROM ${table} WHERE revision = ANY($1)`, [revisions]);
    },
  };
}

/** Without this, a run would apply again all that the old table says is applied. */
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
    message: `The setting history names ${historyTable({ schemas, history })}, but the history is in ${from}.${HISTORY_TABLE}. Move it, and a baseline likewise: ${moves.join(' ')}`,
  });
}

async function together(client: Client, work: () => Promise<void>): Promise<void> {
  await client.query('BEGIN');
  try {
    await work();
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}
