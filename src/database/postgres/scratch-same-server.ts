/** Scratch copies on an existing server: a database `<name>_rehearsal_<run>`, created and dropped by the run. */
import type { BackupManifest } from '../../core/model/backup.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { OpenDatabase, Scratch, ScratchOptions, ScratchSource } from '../port.ts';
import { cutOff } from './confined.ts';
import type { PostgresConnection } from './connection.ts';
import { describeDifferences, differencesOfCopy } from './copy-differences.ts';
import { type Client, quoteIdentifier } from './driver.ts';
import { droppedOnce } from './drop-database.ts';
import { majorOf } from './dump.ts';
import { type Clients, findClients, findClientsFor } from './dump-clients.ts';
import { conninfo, environmentOf, errorIn, startProgram } from './dump-program.ts';
import { withClient } from './queries.ts';
import { type Contents, listWithout, readContents } from './restore-contents.ts';
import { jobsOption } from './restore-jobs.ts';
import { refuseOtherFormat } from './restore-problems.ts';
import { pathOf } from './restore-properties.ts';
import { beginWholeScript } from './restore-script-whole.ts';
import { lookAround, select } from './restore-selection.ts';
import { type Attempt, nextAttempt } from './restore-tolerant.ts';
import { restoreInTransaction } from './restore-transaction.ts';
import { createScratchDatabase } from './scratch-database.ts';
import { withList, withTemporaryFile } from './temporary-file.ts';

/**
 * Creates a scratch database next to `place` and opens it. Owners and grants are left out: everything on the copy
 * belongs to the user. Throws ProblemError RehearsalImpossible (privilege, disk space) or BackupInvalid.
 */
export async function createOnServer(
  place: PostgresConnection,
  open: PostgresConnection,
  from: ScratchSource,
  options: ScratchOptions,
  openDatabase: OpenDatabase,
): Promise<Omit<Scratch, 'place'>> {
  const scratch = await createScratchDatabase(place, open, options.runId);
  try {
    const filled = await fill(place, open, scratch.name, from, options);
    await confine(place, scratch.name);
    const database = await openDatabase(
      { ...place.target, database: scratch.name, schemas: open.target.schemas, history: open.target.history },
      {
        timeouts: { connect: 10_000, lock: 10_000, statement: 0, run: 0 },
        applicationName: `db-manager rehearsal ${options.runId}`,
      },
    );
    const drop = async () => {
      await database.close().catch(() => {});
      await scratch.drop();
    };
    return { database, drop: droppedOnce(drop), ...filled };
  } catch (error) {
    // A full disk refuses the drop too; the first error is the cause.
    const why = await scratch.drop().then(
      () => undefined,
      (failed: Error) => failed.message,
    );
    if (why === undefined || !(error instanceof ProblemError)) throw error;
    const message = `${error.problem.message} ${scratch.name} could not be cleaned up (${why}); the next run drops it.`;
    throw new ProblemError({ ...error.problem, message }, { cause: error });
  }
}

/** Only a superuser could reach other servers there, and may prevent it. */
async function confine(place: PostgresConnection, name: string): Promise<void> {
  await withClient(place.another('db-manager scratch', name), async (there) => {
    if (await isSuperuser(there)) await cutOff(there);
  });
}

async function isSuperuser(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ may: boolean }>(
    'SELECT rolsuper AS may FROM pg_roles WHERE rolname = current_user',
  );
  return rows[0]?.may === true;
}

async function fill(
  place: PostgresConnection,
  open: PostgresConnection,
  name: string,
  from: ScratchSource,
  options: ScratchOptions,
): Promise<Pick<Scratch, 'notes' | 'restored' | 'missing'>> {
  const notes: string[] = [];
  const otherwise = new Set<string>();
  switch (from.kind) {
    case 'backup': {
      refuseOtherFormat(open, from.backup);
      const { path, manifest } = from.backup;
      const stderr = await restoreInto({
        place,
        open,
        name,
        path,
        dumpedBy: manifest.clientVersion,
        options,
        notes,
        otherwise,
      });
      if (stderr !== undefined) throw fillProblem(stderr, `the backup ${manifest.name}`, 'BackupInvalid');
      if (manifest.schemas !== undefined) return { notes, restored: notes };
      const compared = await compare(place, name, manifest, otherwise);
      const restored = [...notes, ...compared.notes];
      return { notes: restored, restored, missing: compared.missing };
    }
    case 'schema': {
      const stderr = await copySchema(place, open, name);
      if (stderr !== undefined) throw fillProblem(stderr, 'the schema', 'RehearsalImpossible');
      return { notes };
    }
    case 'empty':
      await makeSchemas(place, open, name, from.makes);
      return { notes };
  }
}

/** Only a superuser can create event triggers. */
async function compare(
  place: PostgresConnection,
  name: string,
  manifest: BackupManifest,
  otherwise: ReadonlySet<string>,
) {
  return withClient(place.another('db-manager scratch', name), async (there) => {
    const without = new Set((await isSuperuser(there)) ? [] : ['event trigger']);
    const how = { major: majorOf(place), withOwners: false, without, otherwise };
    return describeDifferences(await differencesOfCopy(there, manifest, how));
  });
}

interface Into {
  place: PostgresConnection;
  open: PostgresConnection;
  name: string;
  path: string;
  dumpedBy?: string;
  options: Pick<ScratchOptions, 'onProgress'>;
  /** What could not be restored unchanged. */
  notes: string[];
  /** Its names in the digest. */
  otherwise: Set<string>;
}

/** What pg_restore alone cannot restore is tried again with the search path of the target, and with its invalid rows. */
async function restoreInto(into: Into): Promise<string | undefined> {
  const clients = await findClientsFor(majorOf(into.place), into.dumpedBy);
  const contents = await readContents(clients, into.path);
  const stderr = await restoreOnce(into, clients, contents);
  const failed = { contents, left: new Set<string>(), superuser: false, searchPath: pathOf(into.open, undefined) };
  let again = stderr;
  let attempt: Attempt | undefined;
  while (again !== undefined) {
    attempt = nextAttempt({ ...failed, stderr: again, attempt });
    if (attempt === undefined) return stderr;
    again = await restoreOnce(into, clients, contents, attempt);
  }
  into.notes.push(...(attempt?.messages ?? []));
  return undefined;
}

/** Several tables at a time if possible; through psql if the program is newer than the server (see the stream). */
async function restoreOnce(
  { place, name, path, options, notes, otherwise }: Into,
  clients: Clients,
  contents: Contents,
  second?: Attempt,
): Promise<string | undefined> {
  const here = await withClient(place.another('db-manager scratch', name), (there) =>
    lookAround(there, second !== undefined),
  );
  const { left } = select(contents, here);
  // A user mapping would let the copy reach another server.
  const notHere = new Set(['ACL', 'DEFAULT ACL', 'USER MAPPING', 'SUBSCRIPTION']);
  for (const { id, type, name: of } of contents.entries) {
    const ofTrigger = type === 'EVENT TRIGGER' || /^EVENT TRIGGER /.test(of);
    if (notHere.has(type) || (ofTrigger && !here.superuser)) left.add(id);
  }
  const env = await environmentOf(place.target, name);
  const common = ['--no-owner', '--no-password'];
  if (clients.major > majorOf(place) || second !== undefined) {
    const tolerance = second?.tolerance && {
      ...second.tolerance,
      late: second.tolerance.late.filter(({ id }) => !left.has(id)),
    };
    return restoreInTransaction({
      clients,
      env,
      serverMajor: majorOf(place),
      path,
      contents,
      left,
      args: common,
      begin:
        second === undefined ? 'BEGIN;\n' : beginWholeScript({ largeObjects: true, ...emptied(contents, clients) }),
      tolerance,
      searchPath: second?.searchPath,
      async finish(_, tolerated) {
        for (const { names, message } of tolerated) {
          notes.push(message);
          for (const each of names) otherwise.add(each);
        }
      },
      onProgress: options.onProgress,
    });
  }
  const jobs = await jobsOption(path);
  const { ok, stderr } = await withList(listWithout(contents, left), (list) => {
    const args = [`--dbname=dbname=${conninfo(name)}`, '--exit-on-error', jobs, list, ...common, path];
    return startProgram(clients, 'pg_restore', args, { env }).ended;
  });
  return ok ? undefined : stderr;
}

function emptied({ entries }: Contents, { major }: Clients): { extensions: string[]; clientMajor: number } {
  const extensions = entries.filter(({ type }) => type === 'EXTENSION').map(({ name }) => name);
  return { extensions: [...extensions, 'plpgsql'], clientMajor: major };
}

async function copySchema(
  place: PostgresConnection,
  open: PostgresConnection,
  name: string,
): Promise<string | undefined> {
  const clients = await findClients(majorOf(open));
  return withTemporaryFile('schema', async (file) => {
    const args = [
      '--format=custom',
      `--file=${file}`,
      '--schema-only',
      '--no-password',
      ...(clients.major >= 14 ? ['--extension=*'] : []),
      ...open.target.schemas.map((schema) => `--schema=${quoteIdentifier(schema)}`),
    ];
    const { ok, stderr } = await startProgram(clients, 'pg_dump', args, { env: await environmentOf(open.target) })
      .ended;
    return ok
      ? restoreInto({
          place,
          open,
          name,
          path: file,
          dumpedBy: clients.version,
          options: {},
          notes: [],
          otherwise: new Set(),
        })
      : stderr;
  });
}

async function makeSchemas(
  place: PostgresConnection,
  open: PostgresConnection,
  name: string,
  makes: (schema: string) => boolean = () => false,
): Promise<void> {
  await withClient(place.another('db-manager scratch', name), async (there) => {
    // The history is in the first schema, so it exists before anything runs, as in production.
    for (const schema of open.target.schemas.filter((each, index) => index === 0 || !makes(each)))
      await there.query(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`);
  });
}

function fillProblem(stderr: string, what: string, reason: 'BackupInvalid' | 'RehearsalImpossible'): ProblemError {
  const text = errorIn(stderr);
  if (/No space left on device|could not extend file/.test(stderr)) {
    return new ProblemError({
      reason: 'RehearsalImpossible',
      message: `The server does not have enough disk space for a scratch copy: ${text}. Enlarge its disk, or set safety.rehearsal: SchemaOnly.`,
    });
  }
  if (/permission denied|must be (owner|superuser)|must have/i.test(stderr)) {
    return new ProblemError({
      reason: 'RehearsalImpossible',
      message: `The user has no privilege to restore ${what} to a scratch copy: ${text}.`,
    });
  }
  return new ProblemError({ reason, message: `Restoring ${what} to a scratch copy failed: ${text}.` });
}
