import { significantTokens } from '../../sql/significant.ts';
import type { Connection } from './driver.ts';

/** The maximum number of tokens with the same text that are tried. */
const MOST = 200;
const offsets = new WeakMap<object, number>();

/** The position of an error in its statement, once `locate` has found it. */
export function offsetOf(error: unknown): number | undefined {
  return typeof error === 'object' && error !== null ? offsets.get(error) : undefined;
}

/**
 * Finds the position of a syntax error. SQLite's driver gives no offset, only the token; but its parser stops at the
 * first invalid token, so the statement truncated after that token fails with the same message, and
 * truncated after an earlier token it does not.
 */
export async function locate(connection: Connection, sql: string, error: unknown): Promise<void> {
  if (!(error instanceof Error)) return;
  const offset = await find(connection, sql, error.message);
  if (offset !== undefined) offsets.set(error, offset);
}

async function find(connection: Connection, sql: string, message: string): Promise<number | undefined> {
  if (/incomplete input/.test(message)) return sql.trimEnd().length;
  const near = /near "([\s\S]+)": syntax error/.exec(message)?.[1];
  if (near !== undefined) {
    const places = significantTokens(sql, 'sqlite').filter(({ start, end }) => sql.slice(start, end) === near);
    for (const { start, end } of places.slice(0, MOST)) {
      if ((await failure(connection, sql.slice(0, end))) === message) return start;
    }
    return undefined;
  }
  const unknown = /unrecognized token: "([\s\S]+)"/.exec(message)?.[1];
  if (unknown !== undefined) return placeOf(sql, unknown);
  const name =
    /(?:no such (?:table|column|index|view|function|collation sequence): |duplicate column name: |(?:table|index|view|trigger) )(\S+)/.exec(
      message,
    )?.[1];
  return name === undefined ? undefined : placeOfName(sql, name);
}

/** An unterminated string extends to the end, so the search is for SQLite's text and not for one of our tokens. */
function placeOf(sql: string, text: string): number | undefined {
  const token = significantTokens(sql, 'sqlite').find(({ start, end }) => sql.slice(start, end) === text);
  const at = token?.start ?? sql.lastIndexOf(text);
  return at < 0 ? undefined : at;
}

/** A name may be written with quotes and in another case, and be qualified only in the message. */
function placeOfName(sql: string, name: string): number | undefined {
  const wanted = (name.split('.').at(-1) ?? name).toLowerCase();
  return significantTokens(sql, 'sqlite').find(({ kind, text }) => kind !== 'symbol' && text.toLowerCase() === wanted)
    ?.start;
}

function failure(connection: Connection, sql: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const statement = connection.prepare(sql, (error: Error | null) => {
      if (error !== null) return resolve(error.message);
      statement.finalize(() => resolve(undefined));
    });
  });
}
