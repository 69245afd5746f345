import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { ProblemError } from '../../core/model/problem.ts';
import type { DatabaseProperties } from './catalogue/database.ts';
import type { PostgresConnection } from './connection.ts';
import { type Client, quoteIdentifier } from './driver.ts';
import { dropDatabase, droppedOnce } from './drop-database.ts';
import { besideName } from './kept-databases.ts';
import { localeOptions } from './restore-properties.ts';
import { literal } from './restore-script.ts';

/**
 * Marks a scratch database in the statement that creates it, so that even an immediate crash leaves
 * no unmarked one: an unusual connection limit. The comment, with more details, is set a moment later.
 */
const MARK = 6_437;
/** How the comment begins. */
const COMMENT_START = '{"db-manager":"scratch"';
/** Class of our advisory locks on scratch databases; "dbmS" in ASCII. */
const LOCK_CLASS = 0x64626d53;

interface ScratchDatabase {
  name: string;
  /** Drops it and releases the lock that shows that its run is alive. */
  drop(): Promise<void>;
}

/** Creates an empty database like the target, locked while this process lives. Throws RehearsalImpossible. */
export async function createScratchDatabase(
  open: PostgresConnection,
  like: PostgresConnection,
  runId: string,
): Promise<ScratchDatabase> {
  await refuseWithoutRight(open);
  const name = scratchName(like.target.database, runId);
  const holder = await open.another(`db-manager scratch ${runId}`);
  try {
    await holder.query('SELECT pg_advisory_lock($1, $2)', [LOCK_CLASS, keyOf(name)]);
    await holder.query(
      `CREATE DATABASE ${quoteIdentifier(name)} CONNECTION LIMIT ${MARK} ${await likeTarget(like.client)}`,
    );
    const comment = { 'db-manager': 'scratch', of: open.identity.id, runId, host: hostname(), pid: process.pid };
    const text = literal(JSON.stringify({ ...comment, at: new Date().toISOString() }));
    await holder.query(`COMMENT ON DATABASE ${quoteIdentifier(name)} IS ${text}`);
  } catch (error) {
    const left = await dropDatabase(holder, name).then(
      () => '',
      (why: Error) => ` ${name} could not be dropped (${why.message}); the next run drops it.`,
    );
    await holder.end();
    throw creationProblem(error, open, left);
  }
  const drop = async () => {
    try {
      await dropDatabase(holder, name).catch(async (error: unknown) => {
        if (error instanceof ProblemError) throw error;
        // The holder's connection is gone, and with it the lock: any other connection will do.
        const another = await open.another(`db-manager scratch ${runId}`);
        await dropDatabase(another, name).finally(() => another.end());
      });
    } finally {
      await holder.end().catch(() => {});
    }
  };
  return { name, drop: droppedOnce(drop) };
}

/**
 * Drops scratch databases of this database whose run is dead; their names. One that is still used is left, with a
 * message, for a later run: it must not stop this one. A DROP DATABASE that failed (a full disk)
 * leaves the connection limit -2, so there the comment is the mark.
 */
export async function dropStale(
  { client, target }: PostgresConnection,
  onMessage?: (message: string) => void,
): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database
      WHERE (datconnlimit = $1 OR (datconnlimit = -2 AND starts_with(shobj_description(oid, 'pg_database'), $3)))
        AND starts_with(datname, $2) AND pg_has_role(datdba, 'USAGE') ORDER BY 1`,
    [MARK, prefixOf(target.database), COMMENT_START],
  );
  const dropped: string[] = [];
  for (const { name } of rows) {
    const key = [LOCK_CLASS, keyOf(name)];
    const locked = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS got', key);
    if (locked.rows[0]?.got !== true) continue;
    try {
      await dropDatabase(client, name);
      dropped.push(name);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      onMessage?.(error.message);
    } finally {
      await client.query('SELECT pg_advisory_unlock($1, $2)', key);
    }
  }
  return dropped;
}

/** `trading_rehearsal_<run>`, cut so that the run's own part survives; two databases with one long start stay apart. */
function scratchName(database: string, runId: string): string {
  const run = runId
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .slice(-16);
  return `${prefixOf(database)}${run}_${randomBytes(2).toString('hex')}`;
}

/** The run's own part follows. */
function prefixOf(database: string): string {
  return besideName(database, '_rehearsal_', 16 + 5);
}

function keyOf(name: string): number {
  return createHash('sha256').update(name).digest().readInt32BE();
}

/** Encoding and locale of the target: an index sorts on the copy as it does in production. */
async function likeTarget(client: Client): Promise<string> {
  const { rows } = await client.query<{ encoding: string; locale: DatabaseProperties['locale'] }>(
    'SELECT pg_encoding_to_char(encoding) AS encoding, to_jsonb(d) AS locale FROM pg_database d WHERE datname = current_database()',
  );
  const [like = { encoding: '', locale: {} }] = rows;
  return localeOptions(like);
}

async function refuseWithoutRight({ client, target }: PostgresConnection): Promise<void> {
  const { rows } = await client.query<{ may: boolean }>(
    'SELECT rolcreatedb OR rolsuper AS may FROM pg_roles WHERE rolname = current_user',
  );
  if (rows[0]?.may === true) return;
  throw new ProblemError({
    reason: 'RehearsalImpossible',
    message: `The user ${target.user} cannot create databases, which a rehearsal needs. As a superuser, run: ALTER ROLE ${quoteIdentifier(target.user)} CREATEDB;`,
  });
}

function creationProblem(error: unknown, { target }: PostgresConnection, left: string): unknown {
  if (!(error instanceof Error)) return error;
  const code = 'code' in error ? String(error.code) : '';
  // CREATE DATABASE waits for a checkpoint, which fails on a full disk; the cause is only in the server's log.
  const checkpoint = code === 'XX000' && error.message.includes('checkpoint request failed');
  if (!checkpoint && !['53100', '42501', '53300', '57014', '58030'].includes(code)) return error;
  const message = `The scratch copy of ${target.database} could not be created: ${error.message}.${left}`;
  return new ProblemError({ reason: 'RehearsalImpossible', message, code }, { cause: error });
}
