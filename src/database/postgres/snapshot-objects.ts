import type { EnumType, NamedDefinition, View } from '../../core/model/snapshot.ts';
import { notOfExtension, type SnapshotPart } from './snapshot-catalogue.ts';

export const ENUMS: SnapshotPart<EnumType> = {
  sql: `SELECT n.nspname AS schema, t.typname AS name, array_agg(e.enumlabel::text ORDER BY e.enumsortorder) AS values
     FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_enum e ON e.enumtypid = t.oid
     WHERE n.nspname IN (:schemas) AND ${notOfExtension('t.oid', 'pg_type')}
     GROUP BY 1, 2 ORDER BY n.nspname COLLATE "C", t.typname COLLATE "C"`,
};

/** A materialized view's indexes come with all others and are put to it afterwards. */
export const VIEWS: SnapshotPart<Omit<View, 'indexes'>> = {
  sql: `SELECT n.nspname AS schema, c.relname AS name, c.relkind = 'm' AS materialized, pg_get_viewdef(c.oid) AS definition
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('v', 'm') AND n.nspname IN (:schemas) AND ${notOfExtension('c.oid', 'pg_class')}
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`,
};

export const TRIGGERS: SnapshotPart<NamedDefinition & { schema: string; table: string }> = {
  sql: `SELECT n.nspname AS schema, c.relname AS "table", t.tgname AS name, pg_get_triggerdef(t.oid) AS definition
     FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE NOT t.tgisinternal AND coalesce(to_json(t) ->> 'tgparentid', '0') = '0' AND n.nspname IN (:schemas) AND c.relname NOT IN (:own)
     ORDER BY t.tgname COLLATE "C"`,
};
