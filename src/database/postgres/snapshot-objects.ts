import type { Sequelize } from 'sequelize';
import type { EnumType, NamedDefinition, SequenceObject, View } from '../../core/model/snapshot.ts';
import { select } from '../select.ts';
import { keyOf } from './snapshot.ts';

const NOT_OF_EXTENSION = (alias: string, catalogue: string) =>
  `NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.objid = ${alias}.oid AND e.classid = '${catalogue}'::regclass AND e.deptype = 'e')`;

export async function readEnums(sequelize: Sequelize, schemas: readonly string[]): Promise<EnumType[]> {
  return select<EnumType>(
    sequelize,
    `SELECT n.nspname AS schema, t.typname AS name, array_agg(e.enumlabel::text ORDER BY e.enumsortorder) AS values
     FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_enum e ON e.enumtypid = t.oid
     WHERE n.nspname IN (:schemas) AND ${NOT_OF_EXTENSION('t', 'pg_type')}
     GROUP BY 1, 2 ORDER BY 1, 2`,
    { schemas },
  );
}

/** Sequences; the history table's own is left out together with its table. */
export async function readSequences(sequelize: Sequelize, schemas: readonly string[]): Promise<SequenceObject[]> {
  const rows = await select<Omit<SequenceObject, 'ownedBy'> & { ownedBy: string | null }>(
    sequelize,
    `SELECT n.nspname AS schema, c.relname AS name, format_type(s.seqtypid, NULL) AS type,
       s.seqstart::text AS start, s.seqincrement::text AS increment,
       (SELECT tn.nspname || '.' || tc.relname || '.' || a.attname FROM pg_depend d
          JOIN pg_class tc ON tc.oid = d.refobjid JOIN pg_namespace tn ON tn.oid = tc.relnamespace
          JOIN pg_attribute a ON a.attrelid = tc.oid AND a.attnum = d.refobjsubid
        WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') LIMIT 1) AS "ownedBy"
     FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN (:schemas) AND ${NOT_OF_EXTENSION('c', 'pg_class')}
     ORDER BY 1, 2`,
    { schemas },
  );
  return rows
    .filter(({ ownedBy }) => !ownedBy?.includes('.db_manager_history.'))
    .map(({ ownedBy, ...rest }) => (ownedBy === null ? rest : { ...rest, ownedBy }));
}

export async function readViews(sequelize: Sequelize, schemas: readonly string[]): Promise<View[]> {
  return select<View>(
    sequelize,
    `SELECT n.nspname AS schema, c.relname AS name, c.relkind = 'm' AS materialized, pg_get_viewdef(c.oid) AS definition
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('v', 'm') AND n.nspname IN (:schemas) AND ${NOT_OF_EXTENSION('c', 'pg_class')}
     ORDER BY 1, 2`,
    { schemas },
  );
}

export async function readTriggers(
  sequelize: Sequelize,
  schemas: readonly string[],
): Promise<Map<string, NamedDefinition[]>> {
  const rows = await select<NamedDefinition & { schema: string; table: string }>(
    sequelize,
    `SELECT n.nspname AS schema, c.relname AS "table", t.tgname AS name, pg_get_triggerdef(t.oid) AS definition
     FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND n.nspname IN (:schemas)
     ORDER BY t.tgname COLLATE "C"`,
    { schemas },
  );
  const tables = new Map<string, NamedDefinition[]>();
  for (const { schema, table, name, definition } of rows) {
    const key = keyOf(schema, table);
    tables.set(key, [...(tables.get(key) ?? []), { name, definition }]);
  }
  return tables;
}
