import { halves } from '../parts.ts';
import type { SqliteTarget } from '../target.ts';
import { ConnectionStringError, percentDecode } from './given.ts';
import { nearest } from './parameters.ts';

const PYTHON = 'It is only used in Python. Remove it.';

/** SQLite's URI parameters (https://sqlite.org/uri.html), those of SQLAlchemy's driver, and Prisma's. */
const REFUSED: Record<string, string> = {
  vfs: "db-manager uses SQLite's default VFS. Remove it.",
  psow: 'Remove it.',
  timeout: 'Use the setting timeouts.lock.',
  busy_timeout: 'Use the setting timeouts.lock.',
  check_same_thread: PYTHON,
  isolation_level: PYTHON,
  detect_types: PYTHON,
  cached_statements: PYTHON,
  pragma: 'Set it in a migration, or remove it.',
  factory: PYTHON,
  connection_limit: 'db-manager has no connection pool. Remove it.',
  socket_timeout: 'Use the setting timeouts.lock.',
};

/** Whether the parameter only sets the client that the URL was written for. */
export function isOfSqliteClient(name: string): boolean {
  return name !== 'vfs' && name !== 'psow' && (Object.hasOwn(REFUSED, name) || /^_\w+$/.test(name));
}

const READ_ONLY = 'db-manager must write to the database. To read a file that must not change, copy it first.';

/** `sqlite:///relative.db`, `sqlite:////absolute.db`, with `+driver`, percent-encoded. Throws ConnectionStringError. */
export function readSqliteUrl(text: string): SqliteTarget {
  const [, rest = ''] = /^(?:jdbc:)?sqlite3?(?:\+\w+)?:([\s\S]*)$/i.exec(text) ?? [];
  const [place, query] = halves(rest, '?');
  refuseEncrypted(text, place);
  const path = percentDecode(place.replace(/^\/\/\/?/, ''));
  const flags = parametersOf(query);
  // SQLAlchemy: sqlite:///file:data/app.db?mode=rw&uri=true
  const isUri = flags.get('uri') !== undefined && /^(true|1)$/i.test(flags.get('uri') ?? '');
  flags.delete('uri');
  return targetOf(isUri && path.startsWith('file:') ? pathOfFileUri(path) : path, flags);
}

/** `sqlite+pysqlcipher://:passphrase@/app.db`: anything in front of an @ is a secret, not a folder. */
function refuseEncrypted(text: string, place: string): void {
  const [, driver = ''] = /^(?:jdbc:)?sqlite3?\+([a-z0-9_]+):/i.exec(text) ?? [];
  if (/cipher/i.test(driver)) throw new ConnectionStringError('Encrypted SQLite databases are not supported.');
  if (/^\/\/[^/\\]*@/.test(place))
    throw new ConnectionStringError(
      'The SQLite URL has a user or a password, which SQLite does not have. Use sqlite:///path/to/file.db',
    );
  if (/^:resource:/i.test(place))
    throw new ConnectionStringError('A resource of a Java program is not supported. Use jdbc:sqlite:path/to/file.db');
}

/** `file:data/app.db`, `file:///data/app.db` (https://sqlite.org/uri.html). Throws ConnectionStringError. */
export function readFileUri(text: string): SqliteTarget {
  const [place, query] = halves(text, '?');
  if (place.includes('#'))
    throw new ConnectionStringError('The file: URI contains a #, which would end its path. Write %23.');
  return targetOf(percentDecode(pathOfFileUri(place)), parametersOf(query));
}

/** The URL of exactly this file. */
export function sqliteUrlOf({ path, create }: SqliteTarget): string {
  const encoded = path.replace(/[%?#\s]/g, encodeURIComponent);
  return `sqlite:///${encoded}${create === undefined ? '' : create ? '?mode=rwc' : '?mode=rw'}`;
}

export function sqliteFile(path: string): SqliteTarget {
  return targetOf(path, new Map());
}

function pathOfFileUri(place: string): string {
  const path = place.replace(/^file:/i, '');
  const [, authority, rest] = /^\/\/([^/]*)([\s\S]*)$/.exec(path) ?? [];
  if (authority === undefined || rest === undefined) return path;
  if (authority !== '' && authority !== 'localhost')
    throw new ConnectionStringError(
      'The file: URI has a host between // and the next /. A relative path is written file:data/app.db, an absolute one file:///data/app.db.',
    );
  return rest;
}

function parametersOf(query: string): Map<string, string> {
  const pairs = query.split('&').filter((pair) => pair !== '');
  return new Map(
    pairs.map((pair) => {
      const [name, value] = halves(pair, '=');
      return [percentDecode(name), percentDecode(value)];
    }),
  );
}

function targetOf(path: string, flags: Map<string, string>): SqliteTarget {
  const { create, memory } = readFlags(flags);
  if (memory || path === '' || path === ':memory:')
    throw new ConnectionStringError(
      'A SQLite database in memory is lost when the command ends. Use a file: sqlite:///path/to/file.db',
    );
  if (path.startsWith('~/'))
    throw new ConnectionStringError(
      'The path of the SQLite file begins with ~, which only a shell replaces. Write the whole path.',
    );
  if (path.includes('\0')) throw new ConnectionStringError('The path of the SQLite file contains a zero byte.');
  // As in SQLite on Windows: file:///C:/data/app.db is C:/data/app.db.
  const plain = path.replace(/^\/(?=[a-z]:[\\/])/i, '');
  return { dialect: 'sqlite', path: plain, ...(create === undefined ? {} : { create }) };
}

function readFlags(flags: Map<string, string>): { create: boolean | undefined; memory: boolean } {
  let create: boolean | undefined;
  let memory = false;
  const refuse = (name: string, why: string) => {
    throw new ConnectionStringError(`The SQLite URL has ${name}, which is not supported. ${why}`);
  };
  const onlyOff = (name: string, value: string, why: string) => {
    if (!/^(0|false|no|off)$/i.test(value)) refuse(`${name}=${value === '' ? '1' : 'on'}`, why);
  };
  for (const [name, value] of flags) {
    switch (name) {
      case 'mode':
        if (value === 'ro') refuse('mode=ro', READ_ONLY);
        else if (value === 'memory') memory = true;
        else if (value === 'rwc') create = true;
        else if (value === 'rw') create = false;
        else refuse('a mode', 'It must be rw, or rwc to create the file.');
        break;
      case 'immutable':
        onlyOff(name, value, READ_ONLY);
        break;
      case 'nolock':
        onlyOff(name, value, 'Without locks two processes would corrupt the file. Remove it.');
        break;
      case 'cache':
        if (value !== 'private') refuse('cache=shared', 'Remove it, or write cache=private.');
        break;
      default: {
        const why = REFUSED[name] ?? (/^_\w+$/.test(name) ? 'It belongs to the drivers of Go. Remove it.' : undefined);
        if (why !== undefined) refuse(name, why);
        if (!/^[a-z_]{1,40}$/i.test(name)) throw new ConnectionStringError('The SQLite URL has an unknown parameter.');
        const near = nearest(name, ['mode', 'cache', 'immutable', 'nolock', ...Object.keys(REFUSED)]);
        throw new ConnectionStringError(
          `The SQLite URL has the unknown parameter ${name}.${near === undefined ? '' : ` Did you mean ${near}?`} Write a question mark in a path as %3F.`,
        );
      }
    }
  }
  return { create, memory };
}
