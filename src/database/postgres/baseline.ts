import pg from 'pg';
import type { Baseline } from '../../core/model/baseline.ts';
import { ownTables } from '../../core/model/history.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { BaselineStore } from '../port.ts';
import type { PostgresConnection } from './connection.ts';
import { quoteIdentifier } from './driver.ts';
import { inTransaction, qualified, tableExists, withClient } from './queries.ts';

/** Next to the history. */
export function baselineStore(open: PostgresConnection): BaselineStore {
  const { client } = open;
  const { schema: place, baseline } = ownTables(open.target);
  const table = qualified(place, baseline);
  return {
    async read() {
      if (!(await tableExists(client, table))) return undefined;
      const { rows } = await client.query<Omit<Baseline, 'takenAt'> & { takenAt: Date }>(
        `SELECT taken_at AS "takenAt", run_id AS "runId", tool_version AS "toolVersion", revisions, schema FROM ${table}`,
      );
      return rows[0] && { ...rows[0], takenAt: rows[0].takenAt.toISOString() };
    },
    keep: ({ takenAt, runId, toolVersion, revisions, schema }) =>
      inTransaction(client, async () => {
        await client.query(
          `DO $$ BEGIN IF to_regnamespace(${pg.escapeLiteral(quoteIdentifier(place))}) IS NULL THEN CREATE SCHEMA ${quoteIdentifier(place)}; END IF; END $$`,
        );
        await client.query(`CREATE TABLE IF NOT EXISTS ${table} (
          only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
          taken_at timestamptz NOT NULL,
          run_id text NOT NULL,
          tool_version text NOT NULL,
          revisions text[] NOT NULL,
          schema text NOT NULL
        )`);
        await client.query(`DELETE FROM ${table}`);
        await client.query(
          `INSERT INTO ${table} (taken_at, run_id, tool_version, revisions, schema) VALUES ($1, $2, $3, $4, $5)`,
          [takenAt, runId, toolVersion, revisions, schema],
        );
      }),
    async forget() {
      if (!(await tableExists(client, table))) return false;
      await client.query(`DROP TABLE ${table}`);
      return true;
    },
    schemaSql: () => schemaSql(open),
    extensions: () => installedExtensions(open),
    async load(sql) {
      // The script sets parameters of its session, so it gets one of its own.
      await withClient(open.another('db-manager baseline'), (session) => session.query(sql));
    },
  };
}

/** pg_dump's own script of the target's schemas, in a form that an empty database accepts even if some schemas exist. */
async function schemaSql(open: PostgresConnection): Promise<string> {
  const [{ majorOf }, { findClients }, { environmentOf, errorIn, startProgram }] = await Promise.all([
    import('./dump.ts'),
    import('./dump-clients.ts'),
    import('./dump-program.ts'),
  ]);
  const clients = await findClients(majorOf(open));
  const args = [
    '--schema-only',
    '--no-owner',
    '--no-privileges',
    '--no-password',
    ...(clients.major >= 14 ? ['--extension=*'] : []),
    ...open.target.schemas.map((schema) => `--schema=${quoteIdentifier(schema)}`),
    ...ownTables(open.target).names.map((name) => `--exclude-table=*.${quoteIdentifier(name)}`),
  ];
  const { child, ended } = startProgram(clients, 'pg_dump', args, {
    env: await environmentOf(open.target),
    stdout: 'pipe',
  });
  let script = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    script += text;
  });
  const { ok, stderr } = await ended;
  if (!ok) {
    throw new ProblemError({
      reason: 'BackupFailed',
      message: `pg_dump cannot write the schema: ${errorIn(stderr)}`,
    });
  }
  return plainScript(script);
}

/**
 * Without commands that only psql or an owner can run: meta-commands, comments on schemas and extensions. Parameters that
 * are newer than the server are left out too.
 */
function plainScript(script: string): string {
  return (
    script
      .split('\n')
      .filter((line) => !/^\\(?:un)?restrict |^COMMENT ON (?:EXTENSION|SCHEMA) |^SET transaction_timeout/.test(line))
      .map((line) => line.replace(/^CREATE SCHEMA (?!IF NOT EXISTS)/, 'CREATE SCHEMA IF NOT EXISTS '))
      // An extension may be in a schema that is not the target's, or in pg_catalog, which always exists.
      .map((line) =>
        line.replace(/^CREATE EXTENSION .* WITH SCHEMA (?!pg_)(.+);$/, 'CREATE SCHEMA IF NOT EXISTS $1;\n$&'),
      )
      .join('\n')
  );
}

/** An extension that specifies its schema is installed there; for others `schema` is the one that has to exist. */
export async function installedExtensions({
  client,
}: PostgresConnection): Promise<{ name: string; schema: string | null; sql: string }[]> {
  const { rows } = await client.query<{
    name: string;
    schema: string | null;
    sql: string;
  }>(
    `SELECT e.extname AS name, CASE WHEN x.schema IS NULL AND n.nspname !~ '^pg_' THEN n.nspname::text END AS schema,
       CASE WHEN x.schema IS NOT NULL THEN format('CREATE EXTENSION IF NOT EXISTS %I', e.extname)
            WHEN n.nspname ~ '^pg_' THEN format('CREATE EXTENSION IF NOT EXISTS %I WITH SCHEMA %I', e.extname, n.nspname)
            ELSE format('CREATE SCHEMA IF NOT EXISTS %I; CREATE EXTENSION IF NOT EXISTS %I WITH SCHEMA %I', n.nspname, e.extname, n.nspname) END AS sql
     FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
     LEFT JOIN pg_available_extension_versions x ON x.name = e.extname AND x.version = e.extversion
     WHERE e.extname <> 'plpgsql' ORDER BY e.oid`,
  );
  return rows;
}
