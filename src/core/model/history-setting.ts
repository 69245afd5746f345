import { CAPABILITIES } from './dialect.ts';
import type { HistorySetting } from './history.ts';
import { invalidConfiguration } from './problem.ts';
import type { DatabaseTarget } from './target.ts';

/** History tables of other tools (`adopt` reads them). They are kept and do not count as differences. */
export const FOREIGN_HISTORIES: ReadonlySet<string> = new Set([
  'SequelizeMeta',
  'SequelizeData',
  'alembic_version',
  'flyway_schema_history',
  'schema_migrations',
  'goose_db_version',
  'knex_migrations',
  'knex_migrations_lock',
  '_prisma_migrations',
  '__drizzle_migrations',
  '_sqlx_migrations',
  '__diesel_schema_migrations',
  'refinery_schema_history',
  'atlas_schema_revisions',
  'pgmigrations',
]);

/** The target with the setting `history`. Throws ProblemError InvalidConfiguration. */
export function withHistory(target: DatabaseTarget, history: HistorySetting | undefined): DatabaseTarget {
  if (history?.schema === undefined && history?.table === undefined) return target;
  const { schema, table } = history;
  const can = CAPABILITIES[target.dialect];
  if (schema !== undefined && !can.schemas)
    throw invalidConfiguration('history.schema is for PostgreSQL: SQLite has no schemas. Set history.table instead.');
  if (/^(pg_|information_schema$)/.test(schema ?? ''))
    throw invalidConfiguration(`history.schema cannot be ${schema}, which belongs to PostgreSQL. Name another schema.`);
  if (table !== undefined && can.reservedTables?.test(table))
    throw invalidConfiguration(`history.table cannot be ${table}: SQLite reserves such names. Choose another name.`);
  if (table !== undefined && FOREIGN_HISTORIES.has(table))
    throw invalidConfiguration(
      `history.table cannot be ${table}, which is the table of another tool. Import its rows with: db-manager adopt`,
    );
  return { ...target, history };
}
