import type { Sequelize } from 'sequelize';
import { HISTORY_TABLE } from '../../core/model/history.ts';
import type {
  Check,
  Deferrable,
  ForeignKey,
  Key,
  NamedDefinition,
  ReferentialAction,
  UniqueConstraint,
} from '../../core/model/snapshot.ts';
import { select } from '../select.ts';
import { keyOf } from './snapshot.ts';

export interface TableConstraints {
  primaryKey?: Key;
  uniques: UniqueConstraint[];
  foreignKeys: ForeignKey[];
  checks: Check[];
  exclusions: NamedDefinition[];
}

interface Row {
  schema: string;
  table: string;
  name: string;
  type: 'p' | 'u' | 'f' | 'c' | 'x';
  columns: string[] | null;
  refSchema: string | null;
  refTable: string | null;
  refColumns: string[] | null;
  onDelete: string;
  onUpdate: string;
  match: string;
  deferrable: boolean;
  deferred: boolean;
  validated: boolean;
  definition: string;
  nullsNotDistinct: boolean;
}

const ACTIONS: Record<string, ReferentialAction> = {
  a: 'NO ACTION',
  r: 'RESTRICT',
  c: 'CASCADE',
  n: 'SET NULL',
  d: 'SET DEFAULT',
};

/** All constraints of the schemas in one query, by table. NOT NULL constraints (PostgreSQL 18) belong to the columns. */
export async function readConstraints(
  sequelize: Sequelize,
  schemas: readonly string[],
): Promise<Map<string, TableConstraints>> {
  const rows = await select<Row>(
    sequelize,
    `SELECT n.nspname AS schema, c.relname AS "table", k.conname AS name, k.contype AS type,
       (SELECT array_agg(a.attname::text ORDER BY u.ord) FROM unnest(k.conkey) WITH ORDINALITY u(num, ord)
          JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num) AS columns,
       fn.nspname AS "refSchema", fc.relname AS "refTable",
       (SELECT array_agg(a.attname::text ORDER BY u.ord) FROM unnest(k.confkey) WITH ORDINALITY u(num, ord)
          JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num) AS "refColumns",
       k.confdeltype AS "onDelete", k.confupdtype AS "onUpdate", k.confmatchtype AS match,
       k.condeferrable AS deferrable, k.condeferred AS deferred, k.convalidated AS validated,
       pg_get_constraintdef(k.oid) AS definition,
       pg_get_constraintdef(k.oid) LIKE '%NULLS NOT DISTINCT%' AS "nullsNotDistinct"
     FROM pg_constraint k
     JOIN pg_class c ON c.oid = k.conrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_class fc ON fc.oid = k.confrelid
     LEFT JOIN pg_namespace fn ON fn.oid = fc.relnamespace
     WHERE n.nspname IN (:schemas) AND c.relname <> :history AND k.contype IN ('p', 'u', 'f', 'c', 'x') AND k.conparentid = 0
     ORDER BY k.conname COLLATE "C"`,
    { schemas, history: HISTORY_TABLE },
  );
  const tables = new Map<string, TableConstraints>();
  for (const row of rows) {
    const key = keyOf(row.schema, row.table);
    const entry = tables.get(key) ?? { uniques: [], foreignKeys: [], checks: [], exclusions: [] };
    tables.set(key, entry);
    add(entry, row);
  }
  return tables;
}

function add(entry: TableConstraints, row: Row): void {
  const { name } = row;
  const columns = row.columns ?? [];
  switch (row.type) {
    case 'p':
      entry.primaryKey = { name, columns };
      return;
    case 'u':
      entry.uniques.push({ name, columns, nullsNotDistinct: row.nullsNotDistinct, ...deferrable(row) });
      return;
    case 'f':
      entry.foreignKeys.push({
        name,
        columns,
        references: { schema: row.refSchema ?? '', table: row.refTable ?? '', columns: row.refColumns ?? [] },
        onDelete: ACTIONS[row.onDelete] ?? 'NO ACTION',
        onUpdate: ACTIONS[row.onUpdate] ?? 'NO ACTION',
        ...(row.match === 'f' ? { match: 'FULL' as const } : {}),
        ...deferrable(row),
        validated: row.validated,
      });
      return;
    case 'c':
      entry.checks.push({
        name,
        expression: row.definition.replace(/^CHECK \(/, '').replace(/\)(?: NO INHERIT)?(?: NOT VALID)?$/, ''),
        validated: row.validated,
      });
      return;
    case 'x':
      entry.exclusions.push({ name, definition: row.definition });
      return;
  }
}

function deferrable(row: Row): { deferrable?: Deferrable } {
  return row.deferrable ? { deferrable: row.deferred ? 'INITIALLY DEFERRED' : 'INITIALLY IMMEDIATE' } : {};
}
