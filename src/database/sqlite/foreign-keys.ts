import { all, type Connection } from './driver.ts';

/**
 * Thrown by an operation that has to rebuild a table that others reference. With foreign keys on, DROP TABLE would
 * delete or change their rows, and the pragma is a no-op inside a transaction: so the migration is rolled back and
 * run again from its start with foreign keys off, and all references are checked before it commits.
 */
export class NeedsForeignKeysOff extends Error {
  constructor() {
    super('the migration has to run with foreign keys off');
    this.name = 'NeedsForeignKeysOff';
  }
}

interface Violation {
  table: string;
  rowid: number | null;
  parent: string;
  fkid: number;
}

/** What `foreign_key_check` finds, as text to compare by. */
export async function readViolations(connection: Connection): Promise<Set<string>> {
  const rows = await all<Violation>(connection, 'PRAGMA foreign_key_check');
  return new Set(rows.map(describe));
}

/** Violations that were not there before, each as a clause of a sentence. */
export async function newViolations(connection: Connection, before: ReadonlySet<string>): Promise<string[]> {
  return [...(await readViolations(connection))].filter((text) => !before.has(text));
}

function describe({ table, rowid, parent, fkid }: Violation): string {
  const row = rowid === null ? 'a row' : `row ${rowid}`;
  return `${row} of ${table} references a row of ${parent} that is not there (foreign key ${fkid})`;
}
