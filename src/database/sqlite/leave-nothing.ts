import { ProblemError } from '../../core/model/problem.ts';
import { all, type Connection, closeFile, exec, openFile, quoteIdentifier } from './driver.ts';

/** Settings of a connection that a statement may change inside a transaction, and that change what others mean. */
const SETTINGS = [
  'automatic_index',
  'cell_size_check',
  'defer_foreign_keys',
  'full_column_names',
  'ignore_check_constraints',
  'legacy_alter_table',
  'query_only',
  'read_uncommitted',
  'recursive_triggers',
  'reverse_unordered_selects',
  'short_column_names',
  'trusted_schema',
  'writable_schema',
] as const;

/** The state of a new connection. */
async function newSettings(): Promise<[name: string, value: string][]> {
  const connection = await openFile(':memory:');
  try {
    const found: [string, string][] = [];
    for (const name of SETTINGS) {
      const [row] = await all<Record<string, unknown>>(connection, `PRAGMA ${name}`);
      const [value] = Object.values(row ?? {});
      if (typeof value === 'number' || typeof value === 'string') found.push([name, String(value)]);
    }
    return found;
  } finally {
    await closeFile(connection);
  }
}

/**
 * Reverts what a migration left in its session, if the next one runs in the same transaction and the connection cannot
 * be replaced: temporary objects, attached databases and settings. Throws ProblemError MigrationFailed if that is not
 * possible.
 */
export async function leaveNothing(connection: Connection): Promise<void> {
  for (const [name, value] of await newSettings()) await exec(connection, `PRAGMA ${name} = ${value}`);
  // It can only be set.
  await exec(connection, 'PRAGMA case_sensitive_like = OFF');
  for (const type of ['trigger', 'view', 'table']) {
    const objects = await all<{ name: string }>(
      connection,
      `SELECT name FROM temp.sqlite_master WHERE type = '${type}' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`,
    );
    for (const { name } of objects) await exec(connection, `DROP ${type} temp.${quoteIdentifier(name)}`);
  }
  for (const { name } of await all<{ name: string }>(connection, 'PRAGMA database_list')) {
    if (name !== 'main' && name !== 'temp') await detach(connection, name);
  }
}

async function detach(connection: Connection, name: string): Promise<void> {
  try {
    await exec(connection, `DETACH ${quoteIdentifier(name)}`);
  } catch (error) {
    const message = `The database ${name} is still attached, and it cannot be detached inside the transaction that all migrations share. Run the command without --single-transaction.`;
    throw new ProblemError({ reason: 'MigrationFailed', message }, { cause: error });
  }
}
