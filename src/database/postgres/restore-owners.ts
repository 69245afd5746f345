import type { RunQuery } from './catalogue/read.ts';
import { quoteIdentifier } from './driver.ts';
import { literal } from './restore-script.ts';

/** A statement that follows the dump's own: an owner or a grant. */
export interface Afterwards {
  sql: string;
  /** The role that becomes the owner. */
  owner?: string;
  /** Where PostgreSQL requires CREATE of the new owner. */
  within?: { schema: string } | 'database';
}

/**
 * A role may own objects of a schema in which it may create none any more. PostgreSQL gives it such an object only from
 * a superuser. For others the role gets CREATE for the time of these statements, where the user may grant it.
 */
export async function runAfterwards(run: RunQuery, statements: readonly Afterwards[]): Promise<void> {
  const asked = new Set<string>();
  const granted: string[] = [];
  let before: Afterwards | undefined;
  for (const statement of statements) {
    // What follows the owners are grants, among them perhaps the same.
    if (statement.owner === undefined && before?.owner !== undefined) await revoke(run, granted.splice(0));
    before = statement;
    const { owner, within } = statement;
    const key = JSON.stringify([owner, within]);
    if (owner !== undefined && within !== undefined && !asked.has(key)) {
      asked.add(key);
      for (const privilege of await run(missing(owner, within))) {
        await run(`GRANT ${privilege} TO ${quoteIdentifier(owner)}`);
        granted.push(`${privilege} FROM ${quoteIdentifier(owner)}`);
      }
    }
    await run(statement.sql);
  }
  await revoke(run, granted);
}

async function revoke(run: RunQuery, granted: readonly string[]): Promise<void> {
  for (const each of granted) await run(`REVOKE ${each}`);
}

/** The privilege as in GRANT, if the role does not have it and the user may grant it. */
function missing(role: string, within: { schema: string } | 'database'): string {
  return within === 'database'
    ? `SELECT format('CREATE ON DATABASE %I', datname) FROM pg_database WHERE datname = current_database()
         AND NOT has_database_privilege(${literal(role)}, oid, 'CREATE') AND pg_has_role(datdba, 'USAGE')`
    : `SELECT format('CREATE ON SCHEMA %I', nspname) FROM pg_namespace WHERE nspname = ${literal(within.schema)}
         AND NOT has_schema_privilege(${literal(role)}, oid, 'CREATE') AND pg_has_role(nspowner, 'USAGE')`;
}
