import { listNames } from '../../core/planning/names.ts';
import type { DumpOptions } from '../port.ts';
import type { Client } from './driver.ts';
import type { DumpScope } from './dump-snapshot.ts';

/** How many names a sentence lists. */
const NAMED = 10;

interface Row {
  schemas: string[];
  large_objects: number;
  /** Large objects that this user may not replace; a restore of all could not succeed. */
  foreign: number;
  subscriptions: number;
  present: number;
}

/** What a dump will contain, and what it will omit, as sentences. */
export async function scopeOf(
  client: Client,
  { schemas }: Pick<DumpOptions, 'schemas'>,
): Promise<{ scope: DumpScope; leftOut: string[] }> {
  const { rows } = await client.query<Row>(QUERY, [schemas ?? []]);
  const { schemas: others = [], large_objects = 0, foreign = 0, subscriptions = 0, present = 0 } = rows[0] ?? {};
  const scope: DumpScope = { schemas, largeObjects: schemas === undefined && foreign === 0 };
  if (schemas !== undefined && present === 0) {
    return {
      scope: { ...scope, empty: true },
      leftOut: [`The database has no schema ${listNames(schemas, NAMED)}, so the backup is empty.`],
    };
  }
  const leftOut: string[] = [];
  if (schemas !== undefined) {
    leftOut.push(
      'Objects outside schemas are not in this backup: casts, languages, foreign servers, event triggers, publications, settings of the database.',
    );
    if (others.length > 0) leftOut.push(`These schemas are not in this backup: ${listNames(others, NAMED)}.`);
  }
  if (large_objects > 0 && !scope.largeObjects) {
    const why = schemas === undefined ? `, because this user does not own ${foreign} of them` : '';
    leftOut.push(`The ${large_objects} large objects are not in this backup${why}.`);
  }
  if (subscriptions > 0) leftOut.push(`The subscriptions of this database (${subscriptions}) are not in this backup.`);
  return { scope, leftOut };
}

const QUERY = `
  SELECT ARRAY(SELECT n.nspname::text FROM pg_namespace n
                WHERE n.nspname <> ALL ($1) AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                  AND (n.nspname <> 'public' OR EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid)) ORDER BY 1) AS schemas,
    (SELECT count(*)::int FROM pg_largeobject_metadata) AS large_objects,
    (SELECT count(*)::int FROM pg_namespace n WHERE n.nspname = ANY ($1)) AS present,
    (SELECT count(*)::int FROM pg_largeobject_metadata l WHERE NOT pg_has_role(l.lomowner, 'USAGE')) AS foreign,
    (SELECT count(*)::int FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database()) AS subscriptions`;
