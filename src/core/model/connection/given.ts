/** The parameters of one connection string by libpq's keywords (PostgreSQL manual, 32.1.2), and the source of each. */
export type Given = Map<string, Value>;

export interface Value {
  text: string;
  /** In words: `the database URL`, `PGSSLMODE`, `the service "app"`. */
  from: string;
}

/** An error in a connection string. Its message never contains a value, which may be part of a password. */
export class ConnectionStringError extends Error {}

export const URL_FORM =
  'The form is postgres://user:password@host:5432/name. In the password write % as %25, / as %2F, @ as %40, # as %23 and ? as %3F.';

/** Without white space around it (from the file of a Secret) and without quotes (from `docker run --env-file`). */
export function unwrapped(text: string): string {
  const trimmed = text.trim();
  const quoted = /^(["'`])([\s\S]*)\1$/.exec(trimmed);
  return quoted?.[2] === undefined ? trimmed : quoted[2].trim();
}

/** `%41` is decoded; any other percent sign is kept, as in node-postgres and SQLAlchemy. */
export function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'));
  } catch {
    return text; // bytes that are not UTF-8
  }
}
