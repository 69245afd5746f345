/** The history tables of other migration tools, as they are recognised next to a command. Pure; the caller reads them. */
import { textOf, timeOf, truthOf } from './adopt/foreign.ts';

/** Rows by column name, and where they are. */
interface FoundTable {
  schema: string;
  name: string;
  rows: readonly Readonly<Record<string, unknown>>[];
}

/** One tool's history in the database. */
export interface ToolHistory {
  tool: string;
  /** `schema.table` */
  table: string;
  /** In the order in which they were applied. A tool that stores only the current revision has one. */
  revisions: string[];
  /** True if the table has only the current revision. */
  onlyCurrent: boolean;
}

type Row = FoundTable['rows'][number];

interface KnownTable {
  tool: string;
  name: string;
  /** Columns that distinguish tools with the same table name. */
  columns: readonly string[];
  /** The name of the revision; undefined if it is not applied. */
  revision(row: Row): string | undefined;
  /** Rows are sorted by it; by default by the revision. */
  order?(row: Row): string;
  onlyCurrent?: boolean;
}

/** A number so that its text sorts. */
const padded = (column: string) => (row: Row) => textOf(row[column]).padStart(20, '0');
const column = (name: string) => (row: Row) => textOf(row[name]) || undefined;

/** The first entry with this name and these columns is the tool. */
const KNOWN: readonly KnownTable[] = [
  {
    tool: 'Alembic',
    name: 'alembic_version',
    columns: ['version_num'],
    revision: column('version_num'),
    onlyCurrent: true,
  },
  {
    tool: 'Django',
    name: 'django_migrations',
    columns: ['app', 'name'],
    revision: (row) => `${textOf(row.app)}.${textOf(row.name)}`,
    order: padded('id'),
  },
  {
    tool: 'golang-migrate',
    name: 'schema_migrations',
    columns: ['version', 'dirty'],
    revision: (row) => `${textOf(row.version)}${truthOf(row.dirty) ? ' (dirty)' : ''}`,
    onlyCurrent: true,
  },
  { tool: 'Rails or dbmate', name: 'schema_migrations', columns: ['version'], revision: column('version') },
  {
    tool: 'Prisma',
    name: '_prisma_migrations',
    columns: ['migration_name', 'finished_at'],
    revision: (row) => (textOf(row.rolled_back_at) === '' ? textOf(row.migration_name) : undefined),
    order: (row) => timeOf(row.started_at) ?? '',
  },
  {
    tool: 'Knex',
    name: 'knex_migrations',
    columns: ['name', 'batch'],
    revision: column('name'),
    order: padded('id'),
  },
  { tool: 'sequelize-cli', name: 'SequelizeMeta', columns: ['name'], revision: column('name') },
  {
    tool: 'TypeORM',
    name: 'migrations',
    columns: ['timestamp', 'name'],
    revision: column('name'),
    order: padded('id'),
  },
  {
    tool: 'Liquibase',
    name: 'databasechangelog',
    columns: ['id', 'author', 'orderexecuted'],
    revision: (row) => `${textOf(row.filename)}::${textOf(row.id)}::${textOf(row.author)}`,
    order: padded('orderexecuted'),
  },
  {
    tool: 'Flyway',
    name: 'flyway_schema_history',
    columns: ['installed_rank', 'script', 'success'],
    revision: (row) => `${textOf(row.version) || textOf(row.script)}${truthOf(row.success) ? '' : ' (failed)'}`,
    order: padded('installed_rank'),
  },
  {
    tool: 'goose',
    name: 'goose_db_version',
    columns: ['version_id', 'is_applied'],
    revision: (row) => (truthOf(row.is_applied) ? textOf(row.version_id) : undefined),
    order: padded('id'),
  },
  {
    tool: 'Drizzle',
    name: '__drizzle_migrations',
    columns: ['hash', 'created_at'],
    revision: (row) => `${textOf(row.created_at)} (${textOf(row.hash).slice(0, 8)})`,
    order: padded('id'),
  },
  {
    tool: 'node-pg-migrate',
    name: 'pgmigrations',
    columns: ['name', 'run_on'],
    revision: column('name'),
    order: padded('id'),
  },
  {
    tool: 'Sqitch',
    name: 'changes',
    columns: ['change_id', 'change', 'project'],
    revision: column('change'),
    order: (row) => timeOf(row.committed_at) ?? '',
  },
];

/** Tables that tools write to in every run, next to those with the history. */
const BOOKKEEPING = new Set([
  'knex_migrations_lock',
  'databasechangeloglock',
  'ar_internal_metadata',
  'schema_lock',
  'migrations_lock',
]);

/** The names to look for, as the databases write them. */
export const TOOL_TABLES: readonly string[] = [...new Set(KNOWN.flatMap(({ name }) => [name, name.toUpperCase()]))];

/** The histories that the database has. */
export function toolHistories(tables: readonly FoundTable[]): ToolHistory[] {
  return tables.flatMap(({ schema, name, rows }) => {
    const lowered = rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([key, value]) => [key.toLowerCase(), value])),
    );
    const known = KNOWN.find(
      (one) =>
        one.name.toLowerCase() === name.toLowerCase() &&
        (lowered.length === 0 || one.columns.every((each) => each in (lowered[0] ?? {}))),
    );
    if (known === undefined) return [];
    const { tool, order = known.revision, revision, onlyCurrent = false } = known;
    const sorted = lowered.toSorted((a, b) => ((order(a) ?? '') < (order(b) ?? '') ? -1 : 1));
    return [{ tool, table: `${schema}.${name}`, revisions: sorted.flatMap((row) => revision(row) ?? []), onlyCurrent }];
  });
}

/** Whether a change of this table is not about migrations: a lock, or a history without new rows. */
export function isBookkeeping(table: string, histories: readonly ToolHistory[]): boolean {
  const name = table.slice(table.lastIndexOf('.') + 1).toLowerCase();
  return BOOKKEEPING.has(name) || histories.some((one) => one.table === table);
}

export interface ToolHistoryChange {
  tool: string;
  table: string;
  /** The current revision before and after; `base` without one. */
  from: string;
  to: string;
  added: string[];
  removed: string[];
}

/** What differs between two readings of the histories; a history without a difference is not listed. */
export function historyChanges(before: readonly ToolHistory[], after: readonly ToolHistory[]): ToolHistoryChange[] {
  const tables = new Set([...before, ...after].map(({ table }) => table));
  return [...tables].flatMap((table) => {
    const then = before.find((one) => one.table === table);
    const now = after.find((one) => one.table === table);
    const [old, fresh] = [then?.revisions ?? [], now?.revisions ?? []];
    const added = fresh.filter((revision) => !old.includes(revision));
    const removed = old.filter((revision) => !fresh.includes(revision));
    if (added.length === 0 && removed.length === 0) return [];
    const tool = now?.tool ?? then?.tool ?? '';
    return [{ tool, table, from: currentOf(then), to: currentOf(now), added, removed }];
  });
}

/** The current revision of a history; several heads are joined. */
export function currentOf(history: ToolHistory | undefined): string {
  if (history === undefined || history.revisions.length === 0) return 'base';
  return history.onlyCurrent ? history.revisions.join(', ') : (history.revisions.at(-1) ?? 'base');
}
