import { ConnectionStringError, type Given } from './given.ts';
import { addParameter, isParameter } from './parameters.ts';

const FORM = "The form is: host=localhost port=5432 dbname=name user=app password='a word'.";

/** Whether the text begins like libpq's keyword/value form: `host=db dbname=shop`. */
export function looksLikeKeywordValue(text: string): boolean {
  const [, first = ''] = /^\s*([a-z_]+)\s*=/i.exec(text) ?? [];
  if (/^[A-Z][^;=]*=[^;]*;/.test(text)) return false; // Npgsql: Host=h;Username=u
  return isParameter(first) || isParameter(first.toLowerCase());
}

/** libpq's keyword/value connection string (PostgreSQL manual, 32.1.1.1). Throws ConnectionStringError. */
export function readKeywordValue(text: string, given: Given): void {
  if (/^[^'"]*=[^'"\s]*;/.test(text))
    throw new ConnectionStringError(`The database URL has semicolons between its parameters. Use spaces. ${FORM}`);
  const pair = /\s*([a-z_]+)\s*=\s*(?:'((?:[^'\\]|\\[\s\S])*)'|((?:[^\s'\\]|\\[\s\S])*))(?=\s|$)/giy;
  let read = 0;
  while (text.slice(read).trim() !== '') {
    pair.lastIndex = read;
    const found = pair.exec(text);
    if (found === null) throw new ConnectionStringError(`The keywords of the database URL cannot be read. ${FORM}`);
    const [, name = '', quoted, plain = ''] = found;
    const value = (quoted ?? plain).replace(/\\([\s\S])/g, '$1');
    addParameter(given, name, value, 'the database URL', !text.includes('@'));
    read = pair.lastIndex;
  }
}
