import type { Snapshot, Table } from '../../core/model/snapshot.ts';
import type { Client } from './client.ts';
import { byTable, keyOf, readParts, type SnapshotScope } from './snapshot-catalogue.ts';
import { COLUMNS, TABLES, type TableRow, toColumns } from './snapshot-columns.ts';
import { CONSTRAINTS, toConstraints } from './snapshot-constraints.ts';
import { INDEXES, toIndex } from './snapshot-indexes.ts';
import { ENUMS, TRIGGERS, VIEWS } from './snapshot-objects.ts';
import { SEQUENCES, toSequence } from './snapshot-sequences.ts';

const PARTS = {
  tables: TABLES,
  columns: COLUMNS,
  constraints: CONSTRAINTS,
  indexes: INDEXES,
  triggers: TRIGGERS,
  enums: ENUMS,
  sequences: SEQUENCES,
  views: VIEWS,
};

/**
 * The schema as data, in one query of the catalogue regardless of the number of tables (PostgreSQL manual, chapter 53).
 * Objects of extensions do not belong to the migrations and are left out; so is our history table.
 */
export async function snapshot(client: Client, scope: SnapshotScope): Promise<Snapshot> {
  const found = await readParts(client, PARTS, scope);
  const columns = byTable(found.columns);
  const constraints = byTable(found.constraints);
  const indexes = byTable(found.indexes);
  const triggers = byTable(found.triggers);
  const tables = found.tables.map((row): Table => {
    const key = keyOf(row.schema, row.table);
    return {
      schema: row.schema,
      name: row.table,
      columns: (columns.get(key) ?? []).flatMap(toColumns),
      ...toConstraints(constraints.get(key) ?? []),
      indexes: (indexes.get(key) ?? []).map(toIndex),
      triggers: (triggers.get(key) ?? []).map(({ name, definition }) => ({ name, definition })),
      ...(row.comment === null ? {} : { comment: row.comment }),
      ...partitionOf(row),
      ...(row.inherits === null ? {} : { inherits: row.inherits }),
      options: { withoutRowid: false, strict: false, autoincrement: false },
    };
  });
  const views = found.views.map((view) => {
    const own = indexes.get(keyOf(view.schema, view.name));
    return own === undefined ? view : { ...view, indexes: own.map(toIndex) };
  });
  return { dialect: 'postgres', tables, enums: found.enums, sequences: found.sequences.map(toSequence), views };
}

function partitionOf({ partitionBy, partitionOf, bound }: TableRow): Pick<Table, 'partition'> {
  if (partitionBy === null && partitionOf === null) return {};
  return {
    partition: {
      ...(partitionBy === null ? {} : { by: partitionBy }),
      ...(partitionOf === null ? {} : { of: partitionOf }),
      ...(bound === null ? {} : { bound }),
    },
  };
}
