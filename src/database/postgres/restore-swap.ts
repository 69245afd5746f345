import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { ProblemError } from '../../core/model/problem.ts';
import type { RestoreOptions, RestoreOutcome } from '../port.ts';
import { compareEntries } from './catalogue/compare.ts';
import type { DatabaseProperties } from './catalogue/database.ts';
import type { Catalogue } from './catalogue/digest.ts';
import { COMPARABLE, readEntries } from './catalogue/read.ts';
import type { PostgresConnection } from './connection.ts';
import { type Client, quoteIdentifier } from './driver.ts';
import { majorOf } from './dump.ts';
import { conninfo, environmentOf, startProgram } from './dump-program.ts';
import { queryOn } from './dump-snapshot.ts';
import { besideName, dropDatabase } from './kept-databases.ts';
import { listWithout } from './restore-contents.ts';
import { incomplete, restoreProblem } from './restore-problems.ts';
import { createStatement, propertyStatements } from './restore-properties.ts';
import { swap } from './restore-rename.ts';
import { literal } from './restore-script.ts';
import { lookAround, type Selection, select } from './restore-selection.ts';
import { streamToPsql } from './restore-stream.ts';
import type { RestoreWork } from './restore-work.ts';
import { withTemporaryFile } from './temporary-file.ts';

/** Why the database cannot be replaced by another one, as a sentence. */
export class CannotSwap extends Error {}

/** With more connections than this, a restore does not get faster on a server that has other clients. */
const MOST_JOBS = 4;
const PROGRESS_MS = 500;
/** Identifies the database to which `…_restore_…` belongs, so that leftovers of a crash are found and dropped. */
const COMMENT_START = '{"db-manager":"restore"';

/** Throws CannotSwap, before any change, if the user lacks a privilege that this needs. */
export async function restoreBySwap(
  open: PostgresConnection,
  work: RestoreWork,
  catalogue: Catalogue,
): Promise<RestoreOutcome> {
  const { properties } = catalogue;
  if (properties === undefined) throw new CannotSwap('The manifest does not contain the properties of the database.');
  const admin = await connectBeside(open);
  const name = besideName(open.target.database, `_restore_${randomBytes(3).toString('hex')}`);
  let made = false;
  try {
    await refuseWithoutRights(open);
    await dropLeftovers(admin, open);
    const { unavailable, messages } = select(work.contents, await lookAround(admin));
    for (const message of messages) work.options.onMessage?.(message);
    await create(admin, open, name, properties);
    made = true;
    const selection = await fill(open, admin, work, name, properties);
    const roles = new Set([...unavailable, ...selection.unavailable, ...(await missingRoles(admin, properties))]);
    for (const statement of propertyStatements(name, properties, roles)) await admin.query(statement);
    await compare(open, work, catalogue, name, roles);
    work.options.signal?.throwIfAborted();
    const kept = await swap(open, admin, { name, properties, options: work.options });
    made = false;
    return kept === undefined ? {} : { kept };
  } catch (error) {
    throw cannotBecauseOfRights(error) ?? error;
  } finally {
    if (made) await dropDatabase(admin, name, open.version).catch(() => {});
    await admin.end().catch(() => {});
  }
}

/** A database cannot be renamed from within: another one of the server, which every server has. */
async function connectBeside(open: PostgresConnection): Promise<Client> {
  for (const database of ['postgres', 'template1'].filter((each) => each !== open.target.database)) {
    try {
      return await open.another('db-manager restore', database);
    } catch {
      // Some hosting providers allow no connections to one of them; the other may work.
    }
  }
  throw new CannotSwap(`${open.target.user} can connect neither to the database postgres nor to template1.`);
}

async function refuseWithoutRights({ client, target }: PostgresConnection): Promise<void> {
  const { rows } = await client.query<{ may: boolean; owner: boolean; subscriptions: number }>(
    `SELECT rolcreatedb OR rolsuper AS may, pg_has_role(d.datdba, 'USAGE') AS owner,
       (SELECT count(*)::int FROM pg_subscription s WHERE s.subdbid = d.oid) AS subscriptions
     FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()`,
  );
  const [row] = rows;
  if (row?.may !== true) throw new CannotSwap(`${target.user} has no privilege to create databases.`);
  if (!row.owner) throw new CannotSwap(`${target.user} does not own the database ${target.database}.`);
  if (row.subscriptions > 0) throw new CannotSwap('A subscription belongs to the database and cannot move to another.');
}

async function create(admin: Client, open: PostgresConnection, name: string, properties: DatabaseProperties) {
  try {
    await admin.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [name]);
    await admin.query(createStatement(name, properties));
    const mark = JSON.stringify({ 'db-manager': 'restore', of: open.identity.id, at: new Date().toISOString() });
    await admin.query(`COMMENT ON DATABASE ${quoteIdentifier(name)} IS ${literal(mark)}`);
  } catch (error) {
    await dropDatabase(admin, name, open.version).catch(() => {});
    throw serverProblem(error, open);
  }
}

/** Databases of dead restores: those whose lock is not held. */
async function dropLeftovers(admin: Client, { identity, version }: PostgresConnection): Promise<void> {
  const { rows } = await admin.query<{ name: string; of: string }>(
    `SELECT datname AS name, shobj_description(oid, 'pg_database')::jsonb ->> 'of' AS of FROM pg_database
      WHERE starts_with(shobj_description(oid, 'pg_database'), $1) AND pg_has_role(datdba, 'USAGE')`,
    [COMMENT_START],
  );
  for (const { name, of } of rows) {
    if (of !== identity.id) continue;
    const { rows: got } = await admin.query<{ got: boolean }>(
      'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS got',
      [name],
    );
    if (got[0]?.got === true) await dropDatabase(admin, name, version);
  }
}

/** Fills the new database; the path of the database only where the dump cannot be restored without (see R1 in the notes of the tests). */
async function fill(
  open: PostgresConnection,
  admin: Client,
  work: RestoreWork,
  name: string,
  properties: DatabaseProperties,
): Promise<Selection> {
  const { backup } = work;
  let selection = await prepare(open, work, name);
  let words = await pgRestore(open, work, name, selection);
  if (words !== undefined && UNQUALIFIED.test(words)) {
    await dropDatabase(admin, name, open.version);
    // With `admin`, which holds the lock of the name: another session would wait for it without end.
    await create(admin, open, name, properties);
    selection = await prepare(open, work, name);
    words = await pgRestore(open, work, name, selection, pathOf(open, properties));
    if (words === undefined) {
      work.options.onMessage?.(
        'A function uses table names without a schema, so the backup was restored with the search path of the database. To make the function independent of it, run: ALTER FUNCTION … SET search_path',
      );
    }
  }
  work.options.signal?.throwIfAborted();
  if (words !== undefined) throw restoreProblem(words, backup.manifest.name, open);
  return selection;
}

/** Removes from the new database what a template gives it and the backup does not have. */
async function prepare(open: PostgresConnection, { contents, catalogue }: RestoreWork, name: string) {
  const there = await open.another('db-manager restore', name);
  try {
    const names = new Set(catalogue?.entries.map((entry) => entry.name));
    if (!names.has('schema public')) await there.query('DROP SCHEMA IF EXISTS public');
    if (!names.has('extension plpgsql')) await there.query('DROP EXTENSION IF EXISTS plpgsql');
    return select(contents, await lookAround(there));
  } finally {
    await there.end();
  }
}

/** What a function with unqualified names says where the search path is empty, as pg_dump sets it. */
const UNQUALIFIED = /(relation|function|type|operator|table) .* does not exist/;

function pathOf({ target }: PostgresConnection, { settings }: DatabaseProperties): string {
  const own = settings.find(({ role }) => role === null)?.config.find((text) => text.startsWith('search_path='));
  const schemas = [...new Set([...target.schemas, 'public'])].map(quoteIdentifier).join(', ');
  return own === undefined ? schemas : `${own.slice('search_path='.length)}, ${schemas}`;
}

async function pgRestore(
  open: PostgresConnection,
  { clients, contents, backup, options }: RestoreWork,
  name: string,
  { left, withoutOwners, afterwards }: Selection,
  searchPath?: string,
): Promise<string | undefined> {
  const env = environmentOf(open.target, name);
  return withTemporaryFile('list', async (listFile) => {
    await writeFile(listFile, listWithout(contents, left), { mode: 0o600 });
    const common = [`--use-list=${listFile}`, '--no-password', ...(withoutOwners ? ['--no-owner'] : [])];
    if (searchPath === undefined && clients.major === majorOf(open)) {
      const jobs = `--jobs=${Math.min(MOST_JOBS, availableParallelism())}`;
      const args = [`--dbname=dbname=${conninfo(name)}`, '--exit-on-error', jobs, ...common, backup.path];
      const stop = tellSize(open, name, options);
      const { ok, words } = await startProgram(clients, 'pg_restore', args, {
        env,
        signal: options.signal,
      }).ended.finally(stop);
      if (!ok) return words;
      const there = await open.another('db-manager restore', name);
      try {
        for (const statement of afterwards) await there.query(statement);
      } finally {
        await there.end();
      }
      return undefined;
    }
    let bytes = 0;
    return streamToPsql({
      clients,
      env,
      serverMajor: majorOf(open),
      begin: 'BEGIN;\n',
      searchPath,
      source: startProgram(clients, 'pg_restore', ['--file=-', '--single-transaction', ...common, backup.path], {
        env,
        stdout: 'pipe',
        signal: options.signal,
      }),
      finish: async (run) => {
        for (const statement of afterwards) await run(statement);
      },
      onBytes: (piece) => {
        bytes += piece;
        options.onProgress?.(bytes, undefined);
      },
      signal: options.signal,
    });
  });
}

/** pg_restore says nothing while it works; the size of what it fills does. */
function tellSize({ client }: PostgresConnection, name: string, { onProgress }: RestoreOptions): () => void {
  if (onProgress === undefined) return () => {};
  onProgress(0, undefined);
  const timer = setInterval(() => {
    client.query<{ size: string }>('SELECT pg_database_size($1::name) AS size', [name]).then(
      ({ rows }) => onProgress(Number(rows[0]?.size ?? 0), undefined),
      () => {},
    );
  }, PROGRESS_MS);
  return () => clearInterval(timer);
}

async function compare(
  open: PostgresConnection,
  { backup }: RestoreWork,
  { entries, serverMajor, largeObjects }: Catalogue,
  name: string,
  unavailable: ReadonlySet<string>,
): Promise<void> {
  const there = await open.another('db-manager restore', name);
  try {
    await there.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    for (const setting of COMPARABLE) await there.query(`SET LOCAL ${setting}`);
    const actual = await readEntries(queryOn(there), { major: majorOf(open), largeObjects });
    const acrossVersions = serverMajor !== majorOf(open);
    const differences = compareEntries(entries, actual, { acrossVersions, unavailable, user: open.target.user });
    if (differences.length > 0) throw incomplete(differences, backup.manifest.name, open);
  } finally {
    await there.end();
  }
}

async function missingRoles(admin: Client, { owner, settings, privileges }: DatabaseProperties): Promise<string[]> {
  const { rows } = await admin.query<{ name: string }>(
    `SELECT rolname AS name FROM pg_roles WHERE pg_has_role(oid, 'MEMBER')`,
  );
  const here = new Set(rows.map(({ name }) => name));
  const { rows: all } = await admin.query<{ name: string }>('SELECT rolname AS name FROM pg_roles');
  const exists = new Set(all.map(({ name }) => name));
  const named = [
    ...settings.map(({ role }) => role),
    ...privileges.flatMap(([grantor, grantee]) => [grantor, grantee]),
  ];
  const gone = named.filter((role): role is string => role !== null && role !== '' && !exists.has(role));
  return here.has(owner) ? gone : [...gone, owner];
}

function serverProblem(error: unknown, open: PostgresConnection): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  if (error.code === '53100') return restoreProblem(`${error.message}: No space left on device`, 'the backup', open);
  return error;
}

/** The user may not do in a new database what the owner of the old one need not: create an untrusted extension, say. */
function cannotBecauseOfRights(error: unknown): CannotSwap | undefined {
  if (!(error instanceof Error) || error instanceof CannotSwap) return undefined;
  const denied = /permission denied|must be (owner|superuser|member|able)|must have|Must be superuser/i;
  const code = 'code' in error ? error.code : undefined;
  if (
    code !== '42501' &&
    !(error instanceof ProblemError && error.problem.reason === 'RestoreFailed' && denied.test(error.message))
  ) {
    return undefined;
  }
  const [, reason = error.message] = /could not be restored: (.*?)\. [^.]* is unchanged/.exec(error.message) ?? [];
  return new CannotSwap(`The backup cannot be restored to a new database by this user: ${reason}.`);
}
