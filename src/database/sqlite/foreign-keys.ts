import { ProblemError } from '../../core/model/problem.ts';
import { all, type Connection } from './driver.ts';

/**
 * Thrown by an operation that has to rebuild a table that others reference. With foreign keys on, DROP TABLE would
 * delete or change their rows, and the pragma is a no-op inside a transaction: so the migration is rolled back and
 * run again from its start with foreign keys off, and all references are checked before the commit.
 */
export class NeedsForeignKeysOff extends Error {
  constructor() {
    super('the migration must run with foreign keys off');
    this.name = 'NeedsForeignKeysOff';
  }
}

interface Violation {
  table: string;
  rowid: number | null;
  parent: string;
  fkid: number;
}

/** Violations that `foreign_key_check` finds, as text, with their number: rows of WITHOUT ROWID tables look alike. */
export type Violations = ReadonlyMap<string, number>;

export async function readViolations(connection: Connection): Promise<Violations> {
  const rows = await all<Violation>(connection, 'PRAGMA foreign_key_check');
  const found = new Map<string, number>();
  for (const row of rows) found.set(describe(row), (found.get(describe(row)) ?? 0) + 1);
  return found;
}

/** Throws ProblemError MigrationFailed, naming the rows whose parent the migration has removed. */
export async function refuseNewViolations(connection: Connection, before: Violations): Promise<void> {
  const now = await readViolations(connection);
  const found = [...now].filter(([text, times]) => times > (before.get(text) ?? 0)).map(([text]) => text);
  if (found.length === 0) return;
  throw new ProblemError({
    reason: 'MigrationFailed',
    message: `After the migration, ${found.slice(0, 5).join('; ')}${found.length > 5 ? ` and ${found.length - 5} more` : ''}. In a migration that rebuilds or drops a table that others reference, foreign keys do not cascade: delete such rows first, in a separate migration.`,
  });
}

function describe({ table, rowid, parent, fkid }: Violation): string {
  const row = rowid === null ? 'a row' : `row ${rowid}`;
  return `${row} of ${table} references a row of ${parent} that is missing (foreign key ${fkid})`;
}
