import { randomBytes } from 'node:crypto';
import { ProblemError } from '../../core/model/problem.ts';
import type { RestoreBackupOptions, RestoreOutcome } from '../port.ts';
import { compareEntries, type EntryComparison } from './catalogue/compare.ts';
import type { DatabaseProperties } from './catalogue/database.ts';
import type { Catalogue } from './catalogue/digest.ts';
import { COMPARABLE, readEntries } from './catalogue/read.ts';
import type { PostgresConnection } from './connection.ts';
import type { Client } from './driver.ts';
import { dropDatabase } from './drop-database.ts';
import { majorOf } from './dump.ts';
import { conninfo, environmentOf, startProgram } from './dump-program.ts';
import { queryOn } from './dump-snapshot.ts';
import { withoutEventTriggers } from './event-triggers.ts';
import { createExtensions } from './extensions.ts';
import { besideName } from './kept-databases.ts';
import { withClient } from './queries.ts';
import { listsForJobs } from './restore-contents.ts';
import { jobsOption } from './restore-jobs.ts';
import {
  CannotSwap,
  connectBeside,
  create,
  dropLeftovers,
  missingRoles,
  refuseWithoutPrivileges,
} from './restore-new-database.ts';
import { runAfterwards } from './restore-owners.ts';
import { incomplete, restoreProblem } from './restore-problems.ts';
import { pathOf, propertyStatements } from './restore-properties.ts';
import { swap } from './restore-rename.ts';
import { lookAround, type RestoreSelection, select } from './restore-selection.ts';
import { type Attempt, nextAttempt, type Tolerated } from './restore-tolerant.ts';
import { restoreInTransaction } from './restore-transaction.ts';
import type { RestoreWork } from './restore-work.ts';
import { withList } from './temporary-file.ts';

const PROGRESS_MS = 500;
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
    await refuseWithoutPrivileges(open);
    await dropLeftovers(admin, open);
    const { unavailable, messages } = select(work.contents, await lookAround(admin));
    for (const message of messages) work.options.onMessage?.(message);
    await create(admin, open, name, properties);
    made = true;
    const filled = await fill(open, admin, work, name, properties);
    const roles = new Set([...unavailable, ...filled.unavailable, ...(await missingRoles(admin, properties))]);
    await bringProperties(open, name, properties, roles);
    await compare(open, work, catalogue, name, { unavailable: roles, otherwise: filled.otherwise });
    work.options.signal?.throwIfAborted();
    const kept = await swap(open, admin, { name, properties, options: work.options });
    made = false;
    return kept === undefined ? {} : { kept };
  } catch (error) {
    throw notInANewDatabase(error) ?? error;
  } finally {
    if (made) await dropDatabase(admin, name).catch((error: Error) => work.options.onMessage?.(error.message));
    await admin.end().catch(() => {});
  }
}

/** From within the new database, whose encoding the names and texts have. */
async function bringProperties(
  open: PostgresConnection,
  name: string,
  properties: DatabaseProperties,
  roles: ReadonlySet<string>,
): Promise<void> {
  await withClient(open.another('db-manager restore', name), (there) =>
    withoutEventTriggers(queryOn(there), async () => {
      for (const statement of propertyStatements(name, properties, roles)) await there.query(statement);
      // Only a superuser may; without them the digest differs.
      for (const statement of properties.system) await there.query(statement).catch(() => {});
    }),
  );
}

interface Filled {
  unavailable: ReadonlySet<string>;
  /** Names of objects that are not as in the backup. */
  otherwise: Set<string>;
}

/** Fills the new database; the path of the database only where the dump cannot be restored without (see R1 in the notes of the tests). */
async function fill(
  open: PostgresConnection,
  admin: Client,
  work: RestoreWork,
  name: string,
  properties: DatabaseProperties,
): Promise<Filled> {
  const { backup, contents, options } = work;
  let selection = await prepare(open, work, name, properties);
  const { left, superuser } = selection;
  const failed = await pgRestore(open, work, name, selection);
  // Only psql can be given the settings that let it write where the role may read by default.
  const readOnly = failed !== undefined && READ_ONLY.test(failed);
  const otherwise = new Set<string>();
  let [stderr, attempt]: [string | undefined, Attempt | undefined] = [failed, undefined];
  while (stderr !== undefined) {
    options.signal?.throwIfAborted();
    const next = nextAttempt({ stderr, attempt, contents, left, superuser, searchPath: pathOf(open, properties) });
    attempt = readOnly && attempt === undefined ? (next ?? { searchPath: '', messages: [] }) : next;
    if (attempt === undefined) throw restoreProblem(failed ?? stderr, backup.manifest.name, open);
    otherwise.clear();
    await dropDatabase(admin, name);
    // With `admin`, which holds the lock of the name: another session would wait for it forever.
    await create(admin, open, name, properties);
    selection = await prepare(open, work, name, properties);
    stderr = await pgRestore(open, work, name, selection, attempt, ({ names, message }) => {
      for (const each of names) otherwise.add(each);
      options.onMessage?.(message);
    });
  }
  options.signal?.throwIfAborted();
  for (const message of attempt?.messages ?? []) options.onMessage?.(message);
  return { unavailable: selection.unavailable, otherwise };
}

/** Removes objects of the template that the backup does not contain from the new database. */
async function prepare(
  open: PostgresConnection,
  { contents, catalogue }: RestoreWork,
  name: string,
  { extensions }: DatabaseProperties,
) {
  return withClient(open.another('db-manager restore', name), async (there) => {
    const names = new Set(catalogue?.entries.map((entry) => entry.name));
    if (!names.has('schema public')) await there.query('DROP SCHEMA IF EXISTS public');
    if (!names.has('extension plpgsql')) await there.query('DROP EXTENSION IF EXISTS plpgsql');
    await createExtensions(there, extensions);
    const here = await lookAround(there);
    return { ...select(contents, here), superuser: here.superuser };
  });
}

const READ_ONLY = /in a read-only transaction/;

async function pgRestore(
  open: PostgresConnection,
  { clients, contents, backup, options }: RestoreWork,
  name: string,
  { left, withoutOwners, afterwards }: RestoreSelection,
  second?: Attempt,
  onTolerated: (one: Tolerated) => void = () => {},
): Promise<string | undefined> {
  const env = await environmentOf(open.target, name);
  const common = ['--no-password', ...(withoutOwners ? ['--no-owner'] : [])];
  const { onProgress, signal } = options;
  if (second !== undefined || clients.major !== majorOf(open)) {
    return restoreInTransaction({
      clients,
      env,
      serverMajor: majorOf(open),
      path: backup.path,
      contents,
      left,
      args: common,
      begin: 'BEGIN;\n',
      tolerance: second?.tolerance,
      searchPath: second?.searchPath,
      async finish(run, tolerated) {
        tolerated.forEach(onTolerated);
        await runAfterwards(run, afterwards);
      },
      onProgress,
      signal,
    });
  }
  for (const [run, entries] of listsForJobs(contents, left).entries()) {
    const { ok, stderr } = await withList(entries, async (list) => {
      const jobs = run === 0 ? [await jobsOption(backup.path)] : [];
      const args = [`--dbname=dbname=${conninfo(name)}`, '--exit-on-error', ...jobs, list, ...common, backup.path];
      const stop = reportSize(open, name, options);
      return startProgram(clients, 'pg_restore', args, { env, signal }).ended.finally(stop);
    });
    if (!ok) return stderr;
  }
  await withClient(open.another('db-manager restore', name), (there) => runAfterwards(queryOn(there), afterwards));
  return undefined;
}

/** pg_restore reports no progress; the size of the database does. */
function reportSize({ client }: PostgresConnection, name: string, { onProgress }: RestoreBackupOptions): () => void {
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
  allowed: Pick<EntryComparison, 'unavailable' | 'otherwise'>,
): Promise<void> {
  await withClient(open.another('db-manager restore', name), async (there) => {
    await there.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    for (const setting of COMPARABLE) await there.query(`SET LOCAL ${setting}`);
    const actual = await readEntries(queryOn(there), { major: majorOf(open), largeObjects });
    const acrossVersions = serverMajor !== majorOf(open);
    const differences = compareEntries(entries, actual, { acrossVersions, user: open.target.user, ...allowed });
    if (differences.length > 0) throw incomplete(differences, backup.manifest.name, open);
  });
}

/**
 * In a new database, the user may lack privileges that the existing one does not require: to create an untrusted
 * extension, or to change PostgreSQL's own objects. A table that was added to an extension does not exist there. In
 * place, those are kept.
 */
function notInANewDatabase(error: unknown): CannotSwap | undefined {
  if (!(error instanceof Error) || error instanceof CannotSwap) return undefined;
  const reason = error instanceof ProblemError ? error.problem.reason : undefined;
  const refused =
    ('code' in error && error.code === '42501') || (reason === 'RestoreFailed' && /ERROR:/.test(error.message));
  if (!refused && reason !== 'RestoreIncomplete') return undefined;
  const [, why = error.message.replace(/\.$/, '')] =
    /(?:could not be restored|differs from the backup): (.*?)\. \S+ is unchanged/s.exec(error.message) ?? [];
  return new CannotSwap(`A new database cannot be made equal to the backup: ${why}.`);
}
