import type { Dialect } from '../../core/model/dialect.ts';
import type { MigrationFormat, SqlStatement } from '../../core/model/migration.ts';
import { tokenize } from '../../sql/lexer.ts';

interface ToolTable {
  name: string;
  columns: string;
}

/** The table in which each tool keeps its history, with its columns: a tool has created it before the first migration runs. */
const TABLES: Partial<Record<MigrationFormat, ToolTable>> = {
  flyway: {
    name: 'flyway_schema_history',
    columns:
      'installed_rank integer PRIMARY KEY, version varchar(50), description varchar(200) NOT NULL, type varchar(20) NOT NULL, script varchar(1000) NOT NULL, checksum integer, installed_by varchar(100) NOT NULL, installed_on timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, execution_time integer NOT NULL, success boolean NOT NULL',
  },
  'golang-migrate': { name: 'schema_migrations', columns: 'version bigint PRIMARY KEY, dirty boolean NOT NULL' },
  dbmate: { name: 'schema_migrations', columns: 'version varchar(128) PRIMARY KEY' },
  goose: {
    name: 'goose_db_version',
    columns:
      'id integer PRIMARY KEY, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP',
  },
  prisma: {
    name: '_prisma_migrations',
    columns:
      'id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamp, migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamp, started_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, applied_steps_count integer NOT NULL DEFAULT 0',
  },
};

/** Tables of tools whose files have no sign of their own: the name alone identifies the tool. */
const TOLD_BY_NAME: readonly ToolTable[] = [
  {
    name: '_sqlx_migrations',
    columns:
      'version bigint PRIMARY KEY, description text NOT NULL, installed_on timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, success boolean NOT NULL, checksum text NOT NULL, execution_time bigint NOT NULL',
  },
  {
    name: '__diesel_schema_migrations',
    columns: 'version varchar(50) PRIMARY KEY, run_on timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP',
  },
  {
    name: 'refinery_schema_history',
    columns: 'version integer PRIMARY KEY, name varchar(255), applied_on varchar(255), checksum varchar(255)',
  },
];

/**
 * Some migrations name the history table of the tool that they were written for (`REVOKE ALL ON flyway_schema_history
 * FROM app`). In a database that never saw the tool they would fail, so an empty table is created in front of them.
 */
export function withToolTable(
  statements: readonly SqlStatement[],
  format: MigrationFormat,
  dialect: Dialect,
): SqlStatement[] {
  const own = TABLES[format];
  const tables = own === undefined ? TOLD_BY_NAME : [own, ...TOLD_BY_NAME];
  return tables.reduce<SqlStatement[]>((before, table) => withTable(before, table, dialect), [...statements]);
}

function withTable(statements: SqlStatement[], { name, columns }: ToolTable, dialect: Dialect): SqlStatement[] {
  const first = statements.find(({ sql }) => names(sql, name, dialect));
  // A dump of a database has the table itself.
  if (first === undefined || creates(first.sql, name)) return statements;
  const sql = `CREATE TABLE IF NOT EXISTS ${name} (${columns})`;
  return statements.flatMap((statement) => (statement === first ? [{ ...statement, sql }, statement] : [statement]));
}

function creates(sql: string, name: string): boolean {
  return new RegExp(`^create\\s{1,9}table\\s[^(]{0,200}${name}\\b[^(]{0,9}\\(`, 'i').test(sql);
}

function names(sql: string, table: string, dialect: Dialect): boolean {
  if (!sql.includes(table)) return false;
  const pattern = new RegExp(`(?<![\\w$])${table}(?![\\w$])`);
  for (const { kind, start, end } of tokenize(sql, dialect))
    if (kind !== 'comment' && pattern.test(sql.slice(start, end))) return true;
  return false;
}
