import { type CheckResult, resultsOf } from '../../core/model/finding.ts';
import { ownTables } from '../../core/model/history.ts';
import type { PostgresConnection } from './connection.ts';
import { quoteIdentifier } from './driver.ts';

interface Row {
  schema: string;
  tables: number;
  /** Whether a foreign key from there references a managed schema. */
  bound: boolean;
}

/**
 * Unmanaged tables, because their schemas are not among the target's: a warning if there are any, otherwise
 * nothing. Tables of extensions do not count.
 */
export async function schemasCheck(open: PostgresConnection): Promise<CheckResult[]> {
  const message = await otherSchemas(open);
  return message === undefined ? [] : [resultsOf('other schemas').warning(message)];
}

/** The same as a sentence; undefined if every table is managed. */
export async function otherSchemas({ client, target }: PostgresConnection): Promise<string | undefined> {
  const { schemas } = target;
  const own = ownTables(target);
  const { rows } = await client.query<Row>(
    `SELECT n.nspname::text AS schema, count(*)::int AS tables,
       bool_or(EXISTS (SELECT FROM pg_constraint f JOIN pg_class p ON p.oid = f.confrelid
         JOIN pg_namespace pn ON pn.oid = p.relnamespace
         WHERE f.contype = 'f' AND f.conrelid = c.oid AND pn.nspname = ANY ($1))) AS bound
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND n.nspname <> ALL ($1) AND n.nspname <> 'information_schema'
       AND n.nspname !~ '^pg_' AND NOT (n.nspname = $2 AND c.relname = ANY ($3))
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
     GROUP BY n.nspname ORDER BY n.nspname`,
    [schemas, own.schema, [own.history, own.baseline, own.runs]],
  );
  if (rows.length === 0) return undefined;
  const found = rows.map(({ schema, tables }) => `${tables} in ${quoteIdentifier(schema)}`).join(', ');
  const bound = rows.filter((row) => row.bound).map(({ schema }) => quoteIdentifier(schema));
  const unseen =
    bound.length === 0
      ? ''
      : ` Foreign keys of ${bound.join(', ')} reference the validated tables: rows that cascade there are not counted.`;
  const all = [...schemas, ...rows.map(({ schema }) => schema)].map(encodeURIComponent).join(',');
  return `tables in schemas other than ${schemas.map(quoteIdentifier).join(', ')} are not validated, and the rehearsal does not count their rows: ${found}.${unseen} If this project owns them, list their schemas as well: spec.database.postgres.schemas, or ?schemas=${all} at the end of the URL.`;
}
