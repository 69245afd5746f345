/** Backups of PostgreSQL: pg_dump's own custom or directory format, which pg_restore reads without db-manager. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ProblemError } from '../../core/model/problem.ts';
import type { DumpOptions, DumpResult } from '../port.ts';
import type { PostgresConnection } from './connection.ts';
import { quoteIdentifier } from './driver.ts';
import { type Clients, findClients, findNewestClients } from './dump-clients.ts';
import { environmentOf, errorIn, startProgram } from './dump-program.ts';
import { sizeBytes } from './size.ts';

type Compression = DumpResult['compression'];

const PROGRESS_MS = 500;
const NO_COMPRESSION = /not supported by this (installation|build)|does not support compression/i;

/**
 * Dumps the target's schemas, with the extensions and large objects that they may need, to the new file or, with
 * `jobs` above 1, folder `file`. One consistent snapshot. Throws ProblemError ClientTooOld, NoSpace, PermissionDenied,
 * LockTimeout or BackupFailed, in pg_dump's own words.
 */
export async function dump(open: PostgresConnection, file: string, options: DumpOptions): Promise<DumpResult> {
  const clients = await findClients(majorOf(open));
  const wanted = compressionsFor(clients, options.compression);
  const total = await sizeBytes(open.client);
  for (const [index, compression] of wanted.entries()) {
    const words = await tryDump(open, clients, file, compression, total, options);
    if (words === undefined) {
      return {
        format: isParallel(options) ? 'pg_dump-directory' : 'pg_dump-custom',
        clientVersion: clients.version,
        compression,
        schemas: open.target.schemas,
      };
    }
    options.signal?.throwIfAborted();
    if (index < wanted.length - 1 && NO_COMPRESSION.test(words)) continue;
    throw dumpProblem(words, file);
  }
  throw new Error('no compression to try');
}

/** Reads a dump's table of contents. Throws ProblemError BackupInvalid. */
export async function checkDump(path: string, options: { signal?: AbortSignal } = {}): Promise<void> {
  const clients = await findNewestClients();
  const { PATH, HOME } = process.env;
  const { ended } = startProgram(clients, 'pg_restore', ['--list', path], {
    env: { PATH, HOME, LC_ALL: 'C' },
    signal: options.signal,
  });
  const { ok, words } = await ended;
  options.signal?.throwIfAborted();
  if (ok) return;
  throw new ProblemError({
    reason: 'BackupInvalid',
    message: `pg_restore cannot read ${basename(path)}: ${errorIn(words)}`,
  });
}

export function majorOf({ version }: PostgresConnection): number {
  return Math.floor(version / 10_000);
}

/** What pg_dump said where it failed; undefined where it did not. */
async function tryDump(
  { target }: PostgresConnection,
  clients: Clients,
  file: string,
  compression: Compression,
  total: number,
  options: DumpOptions,
): Promise<string | undefined> {
  const parallel = isParallel(options);
  const args = [
    ...(parallel ? ['--format=directory', `--jobs=${options.jobs}`] : ['--format=custom']),
    `--file=${file}`,
    '--no-password',
    '--blobs',
    // Schemas alone would leave their extensions behind, and with them the types of columns.
    ...(clients.major >= 14 ? ['--extension=*'] : []),
    ...target.schemas.map((schema) => `--schema=${quoteIdentifier(schema)}`),
    ...compressionArgs(clients, compression),
  ];
  const { ended } = startProgram(clients, 'pg_dump', args, { env: environmentOf(target), signal: options.signal });
  const timer = setInterval(() => {
    void sizeSoFar(file).then((done) => options.onProgress?.(done, total));
  }, PROGRESS_MS);
  try {
    const { ok, words } = await ended;
    return ok ? undefined : words;
  } finally {
    clearInterval(timer);
  }
}

function isParallel({ jobs }: DumpOptions): boolean {
  return jobs !== undefined && jobs > 1;
}

function compressionsFor({ major, version }: Clients, wanted: DumpOptions['compression']): Compression[] {
  if (wanted === 'auto') return major >= 16 ? ['zstd', 'gzip', 'none'] : ['gzip', 'none'];
  if ((wanted === 'zstd' || wanted === 'lz4') && major < 16) {
    throw new ProblemError({
      reason: 'InvalidConfiguration',
      message: `${version} has no ${wanted} compression; PostgreSQL 16 brought it. Set compression to auto or gzip.`,
    });
  }
  return [wanted];
}

function compressionArgs({ major }: Clients, compression: Compression): string[] {
  if (compression === 'none') return ['--compress=0'];
  return major >= 16 ? [`--compress=${compression}`] : [];
}

async function sizeSoFar(file: string): Promise<number> {
  const whole = await stat(file).catch(() => undefined);
  if (whole === undefined || !whole.isDirectory()) return whole?.size ?? 0;
  const names = await readdir(file).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(file, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function dumpProblem(words: string, file: string): ProblemError {
  const told = errorIn(words);
  if (/No space left on device|Disk quota exceeded|File too large/.test(words)) {
    return new ProblemError({
      reason: 'NoSpace',
      message: `The disk of the backup folder is full: ${told}. Grow the volume, or prune: \`db-manager prune\`.`,
    });
  }
  if (/aborting because of server version mismatch/.test(words)) {
    return new ProblemError({ reason: 'ClientTooOld', message: told });
  }
  if (/permission denied for/.test(words)) {
    return new ProblemError({
      reason: 'PermissionDenied',
      message: `pg_dump may not read everything: ${told}. Grant the right to the user that migrates.`,
    });
  }
  return new ProblemError({ reason: 'BackupFailed', message: `pg_dump failed: ${told} (writing ${basename(file)})` });
}
