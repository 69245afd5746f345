import { Sequelize } from 'sequelize';
import type { SqlStatement } from '../../core/model/migration.ts';
import type { Timeouts } from '../../core/model/target.ts';
import { joinTransaction } from '../joined.ts';
import type { MigrationSession } from '../session.ts';
import type { PostgresConnection } from './connection.ts';
import { type Client, quoteIdentifier } from './driver.ts';
import { observe } from './effects.ts';
import { problemOf, reasonOf, serverError } from './errors.ts';
import { historyTable, putRow, removeRow } from './history.ts';
import { lockWatch } from './lock-watch.ts';

/** A session on a connection of its own, so that what a migration sets does not outlive it elsewhere. */
export async function openSession(
  open: PostgresConnection,
  timeouts: Timeouts,
  runId: string,
  onStatement?: (sql: string) => void,
): Promise<MigrationSession> {
  const { target, sequelize } = open;
  const table = historyTable(target.schemas);
  const name = `db-manager migrate ${runId}`;
  const settings = settingsOf(timeouts, target.schemas);
  let client = await open.another(name);
  await client.query(settings);
  let statements = 0;
  let last: string | undefined;
  let settingsChanged = false;
  const see = (sql: string) => {
    statements += 1;
    last = sql;
    onStatement?.(sql);
    settingsChanged ||= /\bset\b|set_config/i.test(sql);
  };

  const watch = lockWatch(() => open.another(`${name} watch`), target.schemas);

  return {
    async begin() {
      statements = 0;
      last = undefined;
      if (settingsChanged) await client.query(`RESET ALL; ${settings}`);
      settingsChanged = false;
      await client.query('BEGIN');
    },
    async commit() {
      await client.query('COMMIT');
    },
    async rollback() {
      try {
        await client.query('ROLLBACK');
      } catch {
        // The connection is gone and the server has rolled back; whatever comes next gets a new one.
        await client.end().catch(() => {});
        client = await open.another(name).catch(() => client);
        await client.query(settings).catch(() => {});
      }
    },
    async execute(statement: SqlStatement) {
      see(statement.sql);
      await client.query(statement.sql);
    },
    codeArguments: () => ({
      queryInterface: joinTransaction(sequelize, client, see).queryInterface,
      sequelize: Sequelize,
    }),
    trace: () => ({ statements, last }),
    putHistory: (row) => putRow(client, table, row),
    removeHistory: (revision) => removeRow(client, table, revision),
    problemOf,
    retryOf(error) {
      return reasonOf(error) === 'LockTimeout'
        ? { mode: 'normal', pause: true, why: serverError(error)?.message ?? 'a lock could not be had' }
        : undefined;
    },
    cleanUpAfter: (statement) => dropInvalidIndex(client, statement),
    async isRecorded(revision) {
      const fresh = await open.another(name);
      try {
        const { rows } = await fresh.query(`SELECT 1 FROM ${table} WHERE revision = $1 AND state = 'applied'`, [
          revision,
        ]);
        return rows.length > 0;
      } finally {
        await fresh.end();
      }
    },
    observe: () => observe(client, target.schemas, () => statements, watch),
    async close() {
      await watch.close();
      await client.end();
    },
  };
}

function settingsOf({ lock, statement }: Timeouts, schemas: readonly string[]): string {
  const path = [...new Set([...schemas, 'public'])].map(quoteIdentifier).join(', ');
  return `SET lock_timeout = ${lock}; SET statement_timeout = ${statement}; SET search_path = ${path}; SET client_min_messages = warning`;
}

/** A failed CREATE INDEX CONCURRENTLY leaves an index that is INVALID: it costs every write and serves no read. */
async function dropInvalidIndex(client: Client, { sql }: SqlStatement): Promise<string | undefined> {
  const match =
    /create\s+(?:unique\s+)?index\s+concurrently\s+(?:if\s+not\s+exists\s+)?("(?:[^"]|"")+"|[\w$]+)\s+on\s/i.exec(sql);
  const written = match?.[1];
  if (written === undefined) return undefined;
  const name = written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written.toLowerCase();
  const { rows } = await client.query<{ schema: string }>(
    `SELECT n.nspname AS schema FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = $1 AND NOT i.indisvalid`,
    [name],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  await client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${quoteIdentifier(row.schema)}.${quoteIdentifier(name)}`);
  return `The INVALID index ${name} that it left behind was dropped.`;
}
