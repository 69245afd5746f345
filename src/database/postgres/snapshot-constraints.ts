import type {
  CheckConstraint,
  Deferrable,
  ForeignKey,
  KeyConstraint,
  NamedDefinition,
  ReferentialAction,
  UniqueConstraint,
} from '../../core/model/snapshot.ts';
import type { SnapshotPart } from './snapshot-catalogue.ts';

interface TableConstraints {
  primaryKey?: KeyConstraint;
  uniques: UniqueConstraint[];
  foreignKeys: ForeignKey[];
  checks: CheckConstraint[];
  exclusions: NamedDefinition[];
}

interface ConstraintRow {
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
  /** Of checks, exclusions and uniques. */
  definition: string | null;
  include: string[] | null;
  onDeleteColumns: string[] | null;
  noInherit: boolean;
}

const ACTIONS: Record<string, ReferentialAction> = {
  a: 'NO ACTION',
  r: 'RESTRICT',
  c: 'CASCADE',
  n: 'SET NULL',
  d: 'SET DEFAULT',
};

const NAMES = (relation: string, numbers: string) =>
  `(SELECT array_agg(a.attname::text ORDER BY u.ord) FROM unnest(${numbers}) WITH ORDINALITY u(num, ord)
          JOIN pg_attribute a ON a.attrelid = ${relation} AND a.attnum = u.num)`;

/**
 * All constraints. NOT NULL constraints (PostgreSQL 18) belong to the columns, those of partitions to their parent.
 * `confdelsetcols` was added in PostgreSQL 15, so it is read through JSON, which gives NULL where it is not there.
 */
export const CONSTRAINTS: SnapshotPart<ConstraintRow> = {
  sql: `SELECT n.nspname AS schema, c.relname AS "table", k.conname AS name, k.contype AS type,
       ${NAMES('k.conrelid', 'k.conkey')} AS columns, fn.nspname AS "refSchema", fc.relname AS "refTable",
       CASE WHEN k.contype = 'f' THEN ${NAMES('k.confrelid', 'k.confkey')} END AS "refColumns",
       k.confdeltype AS "onDelete", k.confupdtype AS "onUpdate", k.confmatchtype AS match,
       k.condeferrable AS deferrable, k.condeferred AS deferred, k.convalidated AS validated,
       k.connoinherit AND k.contype = 'c' AS "noInherit",
       CASE WHEN k.contype IN ('c', 'x', 'u') THEN pg_get_constraintdef(k.oid) END AS definition,
       CASE WHEN i.indnatts > i.indnkeyatts THEN ${NAMES('k.conrelid', 'i.indkey[i.indnkeyatts:]::int2[]')} END AS include,
       CASE WHEN k.contype = 'f' AND k.confdeltype IN ('n', 'd') THEN
         ${NAMES('k.conrelid', `ARRAY(SELECT json_array_elements_text(to_json(k) -> 'confdelsetcols')::int2 WHERE json_typeof(to_json(k) -> 'confdelsetcols') = 'array')`)} END AS "onDeleteColumns"
     FROM pg_constraint k
     JOIN pg_class c ON c.oid = k.conrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_index i ON i.indexrelid = k.conindid AND k.contype IN ('p', 'u')
     LEFT JOIN pg_class fc ON fc.oid = k.confrelid
     LEFT JOIN pg_namespace fn ON fn.oid = fc.relnamespace
     WHERE n.nspname IN (:schemas) AND c.relname NOT IN (:own) AND k.contype IN ('p', 'u', 'f', 'c', 'x') AND k.conparentid = 0
     ORDER BY k.conname COLLATE "C"`,
};

export function toConstraints(rows: readonly ConstraintRow[]): TableConstraints {
  const entry: TableConstraints = { uniques: [], foreignKeys: [], checks: [], exclusions: [] };
  for (const row of rows) add(entry, row);
  return entry;
}

function add(entry: TableConstraints, row: ConstraintRow): void {
  const { name } = row;
  const definition = row.definition ?? '';
  const columns = row.columns ?? [];
  switch (row.type) {
    case 'p':
      entry.primaryKey = { name, columns, ...included(row) };
      return;
    case 'u':
      entry.uniques.push({
        name,
        columns,
        ...included(row),
        nullsNotDistinct: definition.includes('NULLS NOT DISTINCT'),
        ...deferrable(row),
      });
      return;
    case 'f':
      entry.foreignKeys.push({
        name,
        columns,
        references: { schema: row.refSchema ?? '', table: row.refTable ?? '', columns: row.refColumns ?? [] },
        onDelete: ACTIONS[row.onDelete] ?? 'NO ACTION',
        onUpdate: ACTIONS[row.onUpdate] ?? 'NO ACTION',
        ...(row.onDeleteColumns === null ? {} : { onDeleteColumns: row.onDeleteColumns }),
        ...(row.match === 'f' ? { match: 'FULL' as const } : {}),
        ...deferrable(row),
        validated: row.validated,
      });
      return;
    case 'c':
      entry.checks.push({
        name,
        expression: definition.replace(/^CHECK \(/, '').replace(/\)(?: NO INHERIT)?(?: NOT VALID)?$/, ''),
        validated: row.validated,
        ...(row.noInherit ? { noInherit: true as const } : {}),
      });
      return;
    case 'x':
      entry.exclusions.push({ name, definition });
      return;
  }
}

function deferrable(row: ConstraintRow): { deferrable?: Deferrable } {
  return row.deferrable ? { deferrable: row.deferred ? 'INITIALLY DEFERRED' : 'INITIALLY IMMEDIATE' } : {};
}

function included({ include }: ConstraintRow): { include?: string[] } {
  return include === null ? {} : { include };
}
