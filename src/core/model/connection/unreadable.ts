import { ConnectionStringError, URL_FORM } from './given.ts';
import type { Surroundings } from './surroundings.ts';

export const FORMS = 'Use postgres://user:password@host:5432/name or sqlite:///path/to/file.db';

/** Suffixes of SQLite files. */
const SQLITE_FILE = /\.(db|db3|sdb|s3db|sl3|sqlite|sqlite2|sqlite3)$/i;

/** `Server=h;User Id=u`, `Driver={PostgreSQL};…`, `Data Source=app.db`. */
const ADO_NET =
  /^(?:(?:host|server|driver|provider|data source|datasource|filename|user id|userid|uid|username|database|initial catalog|port)\s*=[^;]*;|(?:data source|datasource|filename)\s*=)/i;

export function isFile(text: string, { exists }: Surroundings): boolean {
  if (exists(text)) return true;
  return SQLITE_FILE.test(text) && !looksLikeUrl(text);
}

/** Text that is meant as a URL: otherwise its user, password or host would become a file name. */
function looksLikeUrl(text: string): boolean {
  return (
    /:\/\//.test(text) ||
    /^["'`]|["'`]$/.test(text) ||
    /^[^/\\]*:[^/\\]*@/.test(text) ||
    /^[a-z+]*(postgres|pg|sql)[a-z+]*\W?\/\//i.test(text) ||
    /@[^/]*(:\d+)?\//.test(text) ||
    /\b(password|pwd|user|host|server|data source|datasource|filename)\s*=/i.test(text)
  );
}

/** Why a text is neither a URL nor a file. It may contain a password, so no part of it is repeated. */
export function unreadable(text: string): ConnectionStringError {
  const [, name] = /^(?:export\s+|set\s+|-e\s+)?([A-Z][A-Z0-9_]*)\s*=/.exec(text) ?? [];
  if (name !== undefined)
    return new ConnectionStringError(
      `The database URL begins with the name of a variable and an equals sign. Pass only the text after it. ${FORMS}`,
    );
  if (/^(psql|pg_dump|sqlite3)\s/.test(text))
    return new ConnectionStringError(`The database URL begins with a command. Pass only the URL. ${FORMS}`);
  if (/^["'`]|["'`]$/.test(text))
    return new ConnectionStringError(`The database URL has a quotation mark at only one end. ${FORMS}`);
  if (/^[[{]/.test(text))
    return new ConnectionStringError(`The database URL is a JSON or YAML object. Pass a URL. ${FORMS}`);
  if (ADO_NET.test(text))
    return new ConnectionStringError(
      `The database URL has the form of ADO.NET or ODBC, which is not supported. ${FORMS}`,
    );
  if (looksLikeUrl(text) || text.includes('@') || /^[a-z]{2,}:/i.test(text))
    return new ConnectionStringError(`The database URL cannot be read. ${URL_FORM}`);
  return new ConnectionStringError(
    'The database URL is neither a URL nor an existing file. For a new SQLite file write sqlite:///path/to/file.db, or use the suffix .db, .sqlite or .sqlite3.',
  );
}
