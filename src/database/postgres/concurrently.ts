import type { Client } from './driver.ts';
import { serverError } from './errors.ts';
import { qualified } from './queries.ts';

/** How long the removal of a leftover may wait for old transactions, in milliseconds. */
const CLEAN_UP = 60_000;

const NAME = String.raw`(?:"(?:[^"]|"")+"|[\w$]+)`;
const BUILD = new RegExp(
  String.raw`^\s*create\s+(?:unique\s+)?index\s+concurrently\s+(?:(?:if\s+not\s+exists\s+)?(?!on\s)(${NAME})\s+)?on\s+(?:only\s+)?(${NAME}(?:\s*\.\s*${NAME})?)`,
  'i',
);
const COMMENTS = /--[^\n]*|\/\*(?:(?!\*\/)[\s\S])*(?:\*\/)?/g;

interface IndexBuild {
  /** Absent if the server makes up the name. */
  name?: string;
  /** As written, to be interpreted by the server. */
  table: string;
}

/** What `CREATE INDEX CONCURRENTLY …` builds; undefined for any other statement. */
export function indexBuildOf(sql: string): IndexBuild | undefined {
  if (!/concurrently/i.test(sql)) return undefined;
  const match = BUILD.exec(sql.replace(COMMENTS, ' '));
  const table = match?.[2];
  if (table === undefined) return undefined;
  const name = match?.[1];
  return name === undefined ? { table } : { table, name: folded(name) };
}

const WAITS = [
  /^\s*(?:create\s+(?:unique\s+)?|drop\s+)index\s+concurrently\b/i,
  /^\s*reindex\s+(?:\([^)]*\)\s*)?\w+\s+concurrently\b/i,
  /^\s*refresh\s+materialized\s+view\s+concurrently\b/i,
];

/** Statements that block no other session and wait for old transactions, possibly after hours of work. */
export function waitsForOthers(sql: string): boolean {
  if (!/concurrently/i.test(sql)) return false;
  const text = sql.replace(COMMENTS, ' ');
  return WAITS.some((pattern) => pattern.test(text)) || detaches(text);
}

function detaches(text: string): boolean {
  const [first, second, ...rest] = text
    .toLowerCase()
    .split(/[\s;]+/)
    .filter((word) => word !== '');
  return (
    first === 'alter' &&
    second === 'table' &&
    rest.at(-1) === 'concurrently' &&
    rest.some((word, index) => word === 'detach' && rest[index + 1] === 'partition')
  );
}

interface Leftover {
  schema: string;
  name: string;
  /** Another session works on the table in the way that an index build does. */
  busy: boolean;
}

/** INVALID indexes of a table: leftovers of failed builds, and builds in progress. */
async function invalidIndexes(client: Client, { table }: IndexBuild): Promise<Leftover[]> {
  const { rows } = await client.query<Leftover>(
    `SELECT n.nspname AS schema, c.relname AS name, EXISTS (
       SELECT 1 FROM pg_locks l WHERE l.locktype = 'relation' AND l.relation = i.indrelid AND l.granted
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
         AND l.mode = 'ShareUpdateExclusiveLock' AND l.pid <> pg_backend_pid()) AS busy
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE i.indrelid = to_regclass($1) AND NOT i.indisvalid AND c.relkind = 'i'`,
    [table],
  );
  return rows;
}

/**
 * Builds after removing the leftover of an earlier attempt, and removes the leftover of a failed one: an
 * INVALID index slows down every write and serves no read, and `IF NOT EXISTS` would accept it as complete.
 */
export async function buildIndex<T>(
  client: Client,
  build: IndexBuild,
  run: () => Promise<T>,
  report: (what: string) => void,
): Promise<T> {
  const before = await invalidIndexes(client, build);
  const [old] = before.filter(({ name, busy }) => name === build.name && !busy);
  if (old !== undefined) report(await drop(client, old, 'that an earlier attempt left behind'));
  try {
    return await run();
  } catch (error) {
    const after = await invalidIndexes(client, build).catch(() => []);
    for (const left of after) {
      const known = left.name !== old?.name && before.some(({ name }) => name === left.name);
      // If the name was in use, the index with this name belongs to another session.
      const ours = build.name === undefined ? !left.busy : left.name === build.name && !isTaken(error);
      if (ours && !known) report(await drop(client, left, 'that it left behind'));
    }
    throw error;
  }
}

const isTaken = (error: unknown) => (serverError(error)?.code ?? '') === '42P07';

/** Without blocking other sessions. */
async function drop(client: Client, { schema, name }: Leftover, which: string): Promise<string> {
  const statement = `DROP INDEX CONCURRENTLY IF EXISTS ${qualified(schema, name)}`;
  try {
    const { rows } = await client.query<{ before: string }>("SELECT current_setting('lock_timeout') AS before");
    await client.query(`SET lock_timeout = ${CLEAN_UP}`);
    await client
      .query(statement)
      .finally(() => client.query(`SET lock_timeout = '${rows[0]?.before ?? 0}'`).catch(() => {}));
    return `The INVALID index ${name} ${which} was dropped.`;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `The INVALID index ${name} ${which} could not be dropped (${why}). To drop it, run: ${statement};`;
  }
}

function folded(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase();
}
