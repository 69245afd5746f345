/** The parameters of one connection string by libpq's keywords (PostgreSQL manual, 32.1.2), and who gave them. */
export type Given = Map<string, Value>;

export interface Value {
  text: string;
  /** In words: `the database URL`, `PGSSLMODE`, `the service "app"`. */
  from: string;
}

/** A mistake in a connection string. Its message never holds a value, which may be part of a password. */
export class ConnectionStringError extends Error {}

export const URL_FORM =
  'The form is postgres://user:password@host:5432/name. In the password write % as %25, / as %2F, @ as %40, # as %23 and ? as %3F.';

/** `%41` is decoded; a percent sign that begins no such code stays, as node-postgres and SQLAlchemy have it. */
export function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'));
  } catch {
    return text; // bytes that are not UTF-8
  }
}
