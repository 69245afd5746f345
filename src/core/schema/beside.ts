import type { Snapshot, Table } from '../model/snapshot.ts';
import { keyOf } from './names.ts';

/** Where other tools keep what they have applied (`adopt` reads them); left in place, they are nobody's difference. */
const HISTORIES = new Set([
  'SequelizeMeta',
  'SequelizeData',
  'alembic_version',
  'flyway_schema_history',
  'schema_migrations',
  'goose_db_version',
  'knex_migrations',
  'knex_migrations_lock',
]);

/**
 * Tables that are there and may be, though nobody expects them: histories of other migration tools, and the partitions
 * of a table whose source (models) has no words for partitions.
 */
export function tablesBeside(expected: Snapshot, found: Snapshot): Table[] {
  const wanted = new Set(expected.tables.map(keyOf));
  const silent = expected.silentOn?.includes('option') ?? false;
  return found.tables.filter(
    (table) =>
      !wanted.has(keyOf(table)) && (HISTORIES.has(table.name) || (silent && table.partition?.of !== undefined)),
  );
}
