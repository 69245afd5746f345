/** Outside a trigger, SQLite has no statement that raises an error: an invalid JSON text is one. */
const FAILURE = 'db-manager:assert';

export function assertion(condition: string): string {
  return `SELECT CASE WHEN (${condition}\n) IS TRUE THEN 1 ELSE json('${FAILURE}') END`;
}

export function isAssertionFailure({ message }: { message: string }): boolean {
  return /malformed JSON/.test(message);
}
