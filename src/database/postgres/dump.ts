/** Backups of PostgreSQL: pg_dump's own custom format, which pg_restore reads without db-manager. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { ProblemError } from '../../core/model/problem.ts';
import type { CheckDumpOptions, DumpOptions, DumpResult, TakeDump } from '../port.ts';
import { ANY_HASH_MOVES } from './catalogue/rows.ts';
import type { PostgresConnection } from './connection.ts';
import { quoteIdentifier } from './driver.ts';
import { type Clients, findClients, findClientsFor, findNewestClients } from './dump-clients.ts';
import { environmentOf, errorIn, startProgram } from './dump-program.ts';
import { scopeOf } from './dump-scope.ts';
import { type DumpScope, openSnapshot } from './dump-snapshot.ts';
import { consume } from './dump-stream.ts';
import { sizeBytes } from './size.ts';

type Compression = DumpResult['compression'];

const PROGRESS_MS = 500;
const NO_COMPRESSION = /not supported by this (installation|build)|does not support compression/i;

/**
 * Dumps the whole database, or only `schemas`, to the new file `to` or as a stream. The digest of the catalogue is taken in
 * the dump's own snapshot. Throws ProblemError ClientTooOld, NoSpace, PermissionDenied, LockTimeout or
 * BackupFailed, with pg_dump's own message.
 */
export async function dump(open: PostgresConnection, to: string | TakeDump, options: DumpOptions): Promise<DumpResult> {
  const clients = await findClients(majorOf(open));
  const wanted = compressionsFor(clients, options.compression);
  const total = await sizeBytes(open.client);
  const { scope, leftOut } = await scopeOf(open.client, options);
  const [server] = (
    await open.client.query<{ encoding: string; moves: string }>(
      `SELECT current_setting('server_encoding') AS encoding, (${ANY_HASH_MOVES}) AS moves`,
    )
  ).rows;
  const snapshot = await openSnapshot(open, scope);
  try {
    // At the same time; pg_dump's own message comes first if both fail.
    const reading = snapshot.read();
    reading.catch(() => {});
    const compression = await dumpWith(wanted, (each) =>
      tryDump(open, clients, to, {
        ...options,
        ...scope,
        compression: each,
        total,
        snapshot: snapshot.id,
        encoding: server?.encoding,
        throughRoot: server?.moves === 'true',
      }),
    ).catch(async (error) => {
      options.signal?.throwIfAborted();
      // The snapshot ended because its transaction did: why is the answer.
      if (error instanceof Refused && /requested snapshot/.test(error.message)) await reading;
      throw error instanceof Refused ? dumpProblem(error.message, to) : error;
    });
    await reading;
    return {
      format: 'pg_dump-custom',
      clientVersion: clients.version,
      compression,
      schemas: scope.schemas === undefined ? undefined : [...scope.schemas],
      leftOut: leftOut.length === 0 ? undefined : leftOut,
      catalogue: await snapshot.digest(),
    };
  } finally {
    await snapshot.close().catch(() => {});
  }
}

/** Standard error of pg_dump if it failed. */
class Refused extends Error {}

/** The first compression that this pg_dump supports. Throws Refused. */
async function dumpWith(
  wanted: Compression[],
  attempt: (compression: Compression) => Promise<string | undefined>,
): Promise<Compression> {
  for (const [index, compression] of wanted.entries()) {
    const stderr = await attempt(compression);
    if (stderr === undefined) return compression;
    if (index === wanted.length - 1 || !NO_COMPRESSION.test(stderr)) throw new Refused(stderr);
  }
  throw new Error('no compression to try');
}

/** Reads a dump's table of contents. Throws ProblemError BackupInvalid. */
export async function checkDump(path: string, options: CheckDumpOptions = {}): Promise<void> {
  const { writtenBy } = options;
  // Without the version, the newest program: it reads the dumps of all older ones.
  const clients = writtenBy === undefined ? await findNewestClients() : await findClientsFor(0, writtenBy);
  const { PATH, HOME } = process.env;
  const { ended } = startProgram(clients, 'pg_restore', ['--list', path], {
    env: { PATH, HOME, LC_ALL: 'C' },
    signal: options.signal,
  });
  const { ok, stderr } = await ended;
  options.signal?.throwIfAborted();
  if (ok) return;
  throw unreadable(basename(path), stderr, clients);
}

/** A dump that pg_restore cannot read: damaged, or written by a newer pg_dump. */
export function unreadable(name: string, stderr: string, { version }: Clients): ProblemError {
  if (/unsupported version/.test(stderr)) {
    return new ProblemError({
      reason: 'ClientTooOld',
      message: `${name} was written by a newer pg_dump than ${version}: ${errorIn(stderr)}. Install a newer postgresql-client, or set PG_BIN to its folder.`,
    });
  }
  return new ProblemError({ reason: 'BackupInvalid', message: `pg_restore cannot read ${name}: ${errorIn(stderr)}` });
}

export function majorOf({ version }: PostgresConnection): number {
  return Math.floor(version / 10_000);
}

interface Attempt extends Omit<DumpOptions, 'compression'>, DumpScope {
  compression: Compression;
  total: number;
  snapshot: string;
  /** Of the server. */
  encoding?: string;
  /** The restore chooses the partition of each row. pg_dump does this itself only for a key that is an enum. */
  throughRoot?: boolean;
}

/** The message of a failed pg_dump; undefined if it succeeded. */
async function tryDump(
  { target }: PostgresConnection,
  clients: Clients,
  to: string | TakeDump,
  options: Attempt,
): Promise<string | undefined> {
  const { schemas, largeObjects, empty = false, compression, total } = options;
  const args = [
    '--format=custom',
    ...(typeof to === 'string' ? [`--file=${to}`] : []),
    `--snapshot=${options.snapshot}`,
    ...(options.lockTimeoutMs ? [`--lock-wait-timeout=${options.lockTimeoutMs}`] : []),
    '--no-password',
    // Its bytes have no encoding, so they cannot be converted.
    ...(options.encoding === 'SQL_ASCII' ? ['--encoding=SQL_ASCII'] : []),
    ...(options.throughRoot === true ? ['--load-via-partition-root'] : []),
    // Nothing would define whether a restored subscription may replicate again.
    '--no-subscriptions',
    largeObjects ? '--blobs' : '--no-blobs',
    // Schemas alone would leave their extensions behind, and with them the types of columns.
    ...(schemas !== undefined && !empty && clients.major >= 14 ? ['--extension=*'] : []),
    // pg_dump fails where none of the schemas exists.
    ...(empty ? ['--exclude-schema=*'] : (schemas ?? []).map((schema) => `--schema=${quoteIdentifier(schema)}`)),
    ...compressionArgs(clients, compression),
  ];
  const env = await environmentOf(target);
  if (typeof to !== 'string') {
    const program = startProgram(clients, 'pg_dump', args, { env, stdout: 'pipe', signal: options.signal });
    return consume(program, (source) => to(source, 'pg_dump-custom'), {
      onBytes: (done) => options.onProgress?.(done, total),
      signal: options.signal,
    });
  }
  const { ended } = startProgram(clients, 'pg_dump', args, { env, signal: options.signal });
  const timer = setInterval(() => {
    stat(to).then(
      ({ size }) => options.onProgress?.(size, total),
      () => {},
    );
  }, PROGRESS_MS);
  try {
    const { ok, stderr } = await ended;
    return ok ? undefined : stderr;
  } finally {
    clearInterval(timer);
  }
}

function compressionsFor({ major, version }: Clients, wanted: DumpOptions['compression']): Compression[] {
  if (wanted === 'auto') return major >= 16 ? ['zstd', 'gzip', 'none'] : ['gzip', 'none'];
  if ((wanted === 'zstd' || wanted === 'lz4') && major < 16) {
    throw new ProblemError({
      reason: 'InvalidConfiguration',
      message: `${version} does not support ${wanted} compression, which requires PostgreSQL 16. Set compression to auto or gzip.`,
    });
  }
  return [wanted];
}

function compressionArgs({ major }: Clients, compression: Compression): string[] {
  if (compression === 'none') return ['--compress=0'];
  // Level 1 of gzip takes less than half of the time of the usual level 6, for 12 % more bytes.
  if (compression === 'gzip') return [major >= 16 ? '--compress=gzip:1' : '--compress=1'];
  return [`--compress=${compression}`];
}

function dumpProblem(stderr: string, to: string | TakeDump): ProblemError {
  const text = errorIn(stderr);
  if (/No space left on device|Disk quota exceeded|File too large/.test(stderr)) {
    return new ProblemError({
      reason: 'NoSpace',
      message: `The disk of the backup folder is full: ${text}. Enlarge the volume, or delete old backups: \`db-manager prune\`.`,
    });
  }
  const unknown = /this build does not support compression with (\w+)/.exec(stderr)?.[1]?.toLowerCase();
  if (unknown !== undefined) {
    return new ProblemError({
      reason: 'InvalidConfiguration',
      message: `This build of pg_dump does not support ${unknown} compression. Set compression to auto or gzip, or install another build.`,
    });
  }
  if (/aborting because of server version mismatch/.test(stderr)) {
    return new ProblemError({ reason: 'ClientTooOld', message: text });
  }
  if (/permission denied for/.test(stderr)) {
    return new ProblemError({
      reason: 'PermissionDenied',
      message: `pg_dump cannot read everything: ${text}. Grant SELECT to the user that takes backups, or limit the backup: backups.schemas.`,
    });
  }
  // pg_dump implements its --lock-wait-timeout with statement_timeout.
  if (/canceling statement due to (?:lock timeout|statement timeout[\s\S]{0,200}LOCK TABLE)/.test(stderr)) {
    return new ProblemError({
      reason: 'LockTimeout',
      message: `No backup was taken: another session holds a lock on a table for longer than timeouts.lock. ${text}. End that transaction, or raise the timeout.`,
    });
  }
  return new ProblemError({
    reason: 'BackupFailed',
    message: `pg_dump failed: ${text}${typeof to === 'string' ? ` (writing ${basename(to)})` : ''}`,
  });
}
