import type { PostgresConnection } from './connection.ts';
import { migrationSettings } from './settings.ts';

/** Whether a condition is true. It has the search path of a migration, and cannot write. */
export async function isTrue(
  { client, version, target }: Pick<PostgresConnection, 'client' | 'version' | 'target'>,
  condition: string,
  statementMs: number,
): Promise<boolean> {
  const path = migrationSettings(version, { connect: 0, lock: 0, statement: 0, run: 0 }, target).filter((setting) =>
    setting.startsWith('SET search_path'),
  );
  await client.query('BEGIN TRANSACTION READ ONLY');
  try {
    const settings = [`SET statement_timeout = ${statementMs}`, ...path];
    await client.query(settings.map((setting) => setting.replace(/^SET /, 'SET LOCAL ')).join('; '));
    // The extended protocol accepts exactly one statement. The line end closes a comment at the end of the condition.
    const { rows } = await client.query<{ holds: boolean }>({
      text: `SELECT (${condition}\n) IS TRUE AS holds`,
      queryMode: 'extended',
    } as { text: string });
    return rows[0]?.holds === true;
  } finally {
    await client.query('ROLLBACK').catch(() => {});
  }
}
