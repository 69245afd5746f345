import type { Sequelize } from 'sequelize';
import { HISTORY_TABLE } from '../../core/model/history.ts';
import type { Column, Snapshot, Table } from '../../core/model/snapshot.ts';
import { select } from '../select.ts';
import { readConstraints } from './snapshot-constraints.ts';
import { readIndexes } from './snapshot-indexes.ts';
import { readEnums, readSequences, readTriggers, readViews } from './snapshot-objects.ts';

/** How a table is named inside this room: schema and name with a character that no name has between them. */
export const keyOf = (schema: string, table: string) => `${schema}\0${table}`;

/**
 * The schema as data, in a constant number of catalogue queries whatever the number of tables (PostgreSQL manual,
 * chapter 53). Objects that belong to extensions are not the migrations' and are left out; so is our history table.
 */
export async function snapshot(sequelize: Sequelize, { schemas }: { schemas: readonly string[] }): Promise<Snapshot> {
  const columns = await readColumns(sequelize, schemas);
  const constraints = await readConstraints(sequelize, schemas);
  const indexes = await readIndexes(sequelize, schemas);
  const triggers = await readTriggers(sequelize, schemas);
  const tables = [...columns.values()].map(({ table, columns }): Table => {
    const key = keyOf(table.schema, table.name);
    const found = constraints.get(key);
    return {
      schema: table.schema,
      name: table.name,
      columns,
      ...(found?.primaryKey === undefined ? {} : { primaryKey: found.primaryKey }),
      uniques: found?.uniques ?? [],
      foreignKeys: found?.foreignKeys ?? [],
      checks: found?.checks ?? [],
      exclusions: found?.exclusions ?? [],
      indexes: indexes.get(key) ?? [],
      triggers: triggers.get(key) ?? [],
      ...(table.comment === null ? {} : { comment: table.comment }),
      ...partitionOf(table),
      options: { withoutRowid: false, strict: false, autoincrement: false },
    };
  });
  return {
    dialect: 'postgres',
    tables,
    enums: await readEnums(sequelize, schemas),
    sequences: await readSequences(sequelize, schemas),
    views: await readViews(sequelize, schemas),
  };
}

interface TableRow {
  schema: string;
  name: string;
  comment: string | null;
  partitionBy: string | null;
  partitionOf: string | null;
  bound: string | null;
}

interface ColumnRow extends TableRow {
  column: string | null;
  type: string;
  notNull: boolean;
  default: string | null;
  identity: '' | 'a' | 'd';
  generated: '' | 's' | 'v';
  ownsSequence: boolean;
  collation: string | null;
  columnComment: string | null;
}

async function readColumns(sequelize: Sequelize, schemas: readonly string[]) {
  const rows = await select<ColumnRow>(
    sequelize,
    `SELECT n.nspname AS schema, c.relname AS name, obj_description(c.oid, 'pg_class') AS comment,
       pg_get_partkeydef(c.oid) AS "partitionBy", parent.relname AS "partitionOf",
       pg_get_expr(c.relpartbound, c.oid) AS bound,
       a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS "notNull",
       pg_get_expr(d.adbin, d.adrelid) AS default, a.attidentity AS identity, a.attgenerated AS generated,
       EXISTS (SELECT 1 FROM pg_depend dep JOIN pg_class s ON s.oid = dep.objid AND s.relkind = 'S'
               WHERE dep.refobjid = c.oid AND dep.refobjsubid = a.attnum AND dep.deptype = 'a') AS "ownsSequence",
       CASE WHEN a.attcollation <> t.typcollation THEN co.collname END AS collation,
       col_description(c.oid, a.attnum) AS "columnComment"
     FROM pg_class c
     JOIN pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND c.relispartition
     LEFT JOIN pg_class parent ON parent.oid = i.inhparent
     LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     LEFT JOIN pg_type t ON t.oid = a.atttypid
     LEFT JOIN pg_collation co ON co.oid = a.attcollation
     LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE c.relkind IN ('r', 'p') AND n.nspname IN (:schemas) AND c.relname <> :history
       AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.objid = c.oid AND e.classid = 'pg_class'::regclass AND e.deptype = 'e')
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", a.attnum`,
    { schemas, history: HISTORY_TABLE },
  );
  const tables = new Map<string, { table: TableRow; columns: Column[] }>();
  for (const row of rows) {
    const key = keyOf(row.schema, row.name);
    const entry = tables.get(key) ?? { table: row, columns: [] };
    tables.set(key, entry);
    if (row.column !== null) entry.columns.push(toColumn(row, row.column));
  }
  return tables;
}

function toColumn(row: ColumnRow, name: string): Column {
  return {
    name,
    type: row.type,
    nullable: !row.notNull,
    ...(row.default !== null && row.generated === '' ? { default: row.default } : {}),
    ...(row.identity === '' ? {} : { identity: { generation: row.identity === 'a' ? 'ALWAYS' : 'BY DEFAULT' } }),
    ...(row.ownsSequence && row.identity === '' && row.default?.startsWith('nextval(') ? { serial: true } : {}),
    ...(row.generated === '' || row.default === null
      ? {}
      : { generated: { expression: row.default, stored: row.generated === 's' } }),
    ...(row.collation === null ? {} : { collation: row.collation }),
    ...(row.columnComment === null ? {} : { comment: row.columnComment }),
  };
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
