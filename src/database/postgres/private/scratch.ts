/** A scratch copy on a private server, like the target: same names, roles and settings, and no other clients. */
import type { Backup } from '../../../core/model/backup.ts';
import { ProblemError } from '../../../core/model/problem.ts';
import type { OpenDatabase, Scratch, ScratchOptions, ScratchSource } from '../../port.ts';
import { installedExtensions } from '../baseline.ts';
import type { PostgresConnection } from '../connection.ts';
import { describeDifferences, differencesOfCopy } from '../copy-differences.ts';
import { type Client, quoteIdentifier } from '../driver.ts';
import { droppedOnce } from '../drop-database.ts';
import { majorOf } from '../dump.ts';
import { findClients } from '../dump-clients.ts';
import { environmentOf, errorIn, startProgram } from '../dump-program.ts';
import { queryOn } from '../dump-snapshot.ts';
import { withoutEventTriggers } from '../event-triggers.ts';
import { withClient } from '../queries.ts';
import { refuseOtherFormat } from '../restore-problems.ts';
import { literal } from '../restore-script.ts';
import { withTemporaryFile } from '../temporary-file.ts';
import { type DumpPart, type Filling, RestoreStopped, restoreParts, targetOn } from './fill.ts';
import { applyLikenessSettings, liken } from './liken.ts';
import type { Likeness } from './likeness.ts';
import { type LikeServer, likenOptions, type PreparedServer, startLike } from './prepared-server.ts';
import { NoPrivateServer, withoutFiles } from './problem.ts';
import { isDamaged } from './restore-failures.ts';
import type { PrivateServer } from './server.ts';

/** Throws NoPrivateServer if the target's server cannot be reproduced here, and ProblemErrors of the restore. */
export async function createPrivate(
  open: PostgresConnection,
  from: ScratchSource,
  options: ScratchOptions,
  openDatabase: OpenDatabase,
  prepared?: PreparedServer,
): Promise<Scratch> {
  if (from.kind === 'backup') refuseOtherFormat(open, from.backup);
  const started = (from.kind === 'empty' ? undefined : await prepared?.take()) ?? (await startLike(open, from));
  const { server, like } = started;
  try {
    const made = await make(open, started, from, options);
    const { database } = open.target;
    const copy = await openDatabase(targetOn(server, open.target, like.role, database), {
      timeouts: { connect: 10_000, lock: 10_000, statement: 0, run: 0 },
      applicationName: `db-manager rehearsal ${options.runId}`,
    });
    const drop = async () => {
      await copy.close().catch(() => {});
      await server.stop();
    };
    return { database: copy, place: { kind: 'Private' }, ...made, drop: droppedOnce(drop) };
  } catch (error) {
    await server.stop();
    if (error instanceof RestoreStopped) throw needsPreload(error) ?? fillProblem(error, from);
    throw error;
  }
}

async function make(
  open: PostgresConnection,
  { server, like, notes }: LikeServer,
  from: ScratchSource,
  options: ScratchOptions,
): Promise<Pick<Scratch, 'notes' | 'restored' | 'missing'>> {
  const { database } = open.target;
  return withClient(server.connect('template1'), async (admin) => {
    await refuseWithoutExtensions(admin, open, [
      ...like.extensions.map(({ name }) => name),
      ...(options.extensions ?? []),
    ]);
    const wanted = likenOptions(database, like, from.kind === 'empty' ? from : undefined);
    const again = async () => {
      await liken(admin, { ...like, roles: [], grants: [] }, wanted);
    };
    const filling: Filling = { open, server, like, database, again, onProgress: options.onProgress };
    const filled = await fill(filling, from);
    await finish(server, database, like);
    if (from.kind !== 'backup') return { notes: [...notes, ...filled] };
    const compared = await compare(open, server, from.backup);
    const restored = [...filled, ...compared.notes];
    return { notes: [...notes, ...restored], restored, missing: compared.missing };
  });
}

/** From within, so that texts have the encoding of the database. */
async function finish(server: PrivateServer, name: string, { system, settings, database }: Likeness): Promise<void> {
  await withClient(server.connect(name), async (client) => {
    if (database.comment !== undefined) {
      await client.query(`COMMENT ON DATABASE ${quoteIdentifier(name)} IS ${literal(database.comment)}`);
    }
    await withoutEventTriggers(queryOn(client), async () => {
      // It names roles and objects that may be missing here.
      for (const statement of system) await client.query(statement).catch(() => {});
    });
    await applyLikenessSettings(client, name, settings);
  });
}

/** A copy that differs from its backup is reported. A backup that is limited to schemas is completed from the live database. */
async function compare(open: PostgresConnection, server: PrivateServer, { manifest }: Backup) {
  if (manifest.schemas !== undefined) return { notes: [], missing: [] };
  return withClient(server.connect(open.target.database), async (client) => {
    const { rows } = await open.client.query<{ name: string }>('SELECT rolname AS name FROM pg_roles WHERE oid = 10');
    const superuser = { here: server.superuser, there: rows[0]?.name ?? server.superuser };
    const differences = await differencesOfCopy(client, manifest, {
      major: majorOf(open),
      withOwners: true,
      superuser,
    });
    return describeDifferences(differences);
  });
}

async function fill(filling: Filling, from: ScratchSource): Promise<string[]> {
  switch (from.kind) {
    case 'backup':
      return restoreBackup(filling, from.backup);
    case 'schema':
      return withSchemaDump(filling, (part) => restoreParts(filling, [part]));
    case 'empty':
      await makeEmpty(filling, from);
      return [];
  }
}

/**
 * A backup that is limited to schemas lacks the objects of other schemas that they need. These are read from the live
 * database.
 */
function restoreBackup(filling: Filling, { path, manifest }: Backup): Promise<string[]> {
  const whole: DumpPart = { path, dumpedBy: manifest.clientVersion };
  if (manifest.schemas === undefined) return restoreParts(filling, [whole]);
  return withSchemaDump(filling, (schema) =>
    schema.limited
      ? restoreParts(filling, [whole])
      : restoreParts(filling, [
          { ...schema, section: 'pre-data' },
          { ...whole, section: 'data' },
          { ...schema, section: 'post-data' },
          { ...whole, section: 'post-data', only: 'MATERIALIZED VIEW DATA' },
        ]),
  );
}

/** The schema of the whole database; only of the target's schemas where the role may not lock all tables. */
function withSchemaDump<T>({ open }: Filling, use: (part: DumpPart & { limited: boolean }) => Promise<T>): Promise<T> {
  return withTemporaryFile('schema', async (file) => {
    const clients = await findClients(majorOf(open));
    const schemas = open.target.schemas.map((schema) => `--schema=${quoteIdentifier(schema)}`);
    const extensions = clients.major >= 14 ? ['--extension=*'] : [];
    let stderr = '';
    for (const limits of [[], [...extensions, ...schemas]]) {
      const args = ['--format=custom', `--file=${file}`, '--schema-only', '--no-password', ...limits];
      const ended = await startProgram(clients, 'pg_dump', args, { env: await environmentOf(open.target) }).ended;
      if (ended.ok) return use({ path: file, dumpedBy: clients.version, limited: limits.length > 0 });
      stderr = ended.stderr;
    }
    throw new ProblemError({
      reason: 'RehearsalImpossible',
      message: `The schema could not be read for a scratch copy: ${errorIn(stderr)}.`,
    });
  });
}

async function makeEmpty(
  { server, database, like, open }: Filling,
  { makes = () => false, makesExtension = () => false }: Extract<ScratchSource, { kind: 'empty' }>,
): Promise<void> {
  const role = quoteIdentifier(like.actsAs);
  await withClient(server.connect(database), async (client) => {
    // The history is in the first schema, so it exists before anything runs, as in production.
    for (const schema of open.target.schemas.filter((each, index) => index === 0 || !makes(each))) {
      await client.query(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)} AUTHORIZATION ${role}`);
    }
    // In the schemas in which the target has them: a migration may name them by schema.
    for (const { name, schema, sql } of await installedExtensions(open)) {
      if (makesExtension(name)) continue;
      if (schema !== null) {
        await client.query(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)} AUTHORIZATION ${role}`);
      }
      await client.query(`${sql} CASCADE`);
    }
  });
}

async function refuseWithoutExtensions(admin: Client, open: PostgresConnection, names: readonly string[]) {
  const sql = 'SELECT name::text FROM pg_available_extensions WHERE name = ANY ($1)';
  const here = new Set((await admin.query<{ name: string }>(sql, [names])).rows.map(({ name }) => name));
  const missing = names.filter((name) => !here.has(name));
  if (missing.length === 0) return;
  const there = (await open.client.query<{ name: string }>(sql, [missing])).rows.map(({ name }) => name);
  if (there.length === 0) return;
  throw withoutFiles(there, majorOf(open));
}

/** An extension, or a provider of security labels, whose library has to be loaded when the server starts: pg_cron, anon. */
function needsPreload({ failures }: RestoreStopped): NoPrivateServer | undefined {
  const found = failures.find(({ stderr }) =>
    /shared_preload_libraries|security label provider .{1,100} is not loaded/.test(stderr),
  );
  if (found === undefined) return undefined;
  const what = found.name === '' ? 'an extension' : `${found.type} ${found.name}`.trim();
  return new NoPrivateServer(
    `a private server loads no libraries of shared_preload_libraries, which ${what} needs: ${found.message}`,
  );
}

function fillProblem(error: RestoreStopped, from: ScratchSource): ProblemError {
  const what = from.kind === 'backup' ? `the backup ${from.backup.manifest.name}` : 'the schema';
  const damaged = from.kind === 'backup' && error.failures.some(isDamaged);
  const message = `Restoring ${what} to a scratch copy failed: ${error.message}.`;
  return new ProblemError({ reason: damaged ? 'BackupInvalid' : 'RehearsalImpossible', message }, { cause: error });
}
