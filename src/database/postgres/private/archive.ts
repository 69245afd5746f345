/**
 * The files of an empty server, kept for later runs: unpacking them takes a tenth of the time of initdb. An archive is
 * valid for the programs, the libraries, the locales and the time zone that made it, which its name identifies; the name
 * also has the hash of its content, so that a damaged one is not used.
 */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { ownCacheFolder } from '../../cache-folder.ts';
import type { Programs } from '../programs.ts';
import type { ServerFolder } from './folder.ts';
import { exitCodeOf, INITDB_ARGS, serverEnvironment } from './initdb.ts';

const PREFIX = 'postgres-';
const SUFFIX = '.tar.zst';
const PIECE = 1 << 17;

/** Other files that initdb reads: a package that is installed or removed changes one of these. */
const READ_BY_INITDB = [
  '/etc/ld.so.cache',
  '/etc/localtime',
  '/etc/timezone',
  '/lib/apk/db/installed',
  '/usr/lib/locale',
  '/usr/lib/locale/locale-archive',
  '/usr/share/i18n',
  '/var/lib/dpkg/status',
  '/var/lib/rpm/rpmdb.sqlite',
];

/** Fills the empty folder. Returns the superuser, or undefined if there is no archive that can be used. */
export async function unpackArchive(programs: Programs, to: ServerFolder): Promise<string | undefined> {
  const folder = await ownCacheFolder();
  if (folder === undefined) return undefined;
  const start = `${PREFIX}${await keyOf(programs)}-`;
  const name = (await readdir(folder).catch(() => [])).filter((one) => isArchive(one, start)).sort()[0];
  if (name === undefined) return undefined;
  const [superuser = '', hash = ''] = name.slice(start.length, -SUFFIX.length).split('-');
  if (await unpack(join(folder, name), hash, to)) return superuser;
  await rm(join(folder, name), { force: true }).catch(() => {});
  return undefined;
}

/** Keeps the files that initdb has just created. If this is not possible, the next run calls initdb again. */
export async function keepArchive(programs: Programs, from: ServerFolder, superuser: string): Promise<void> {
  const folder = await ownCacheFolder();
  if (folder === undefined) return;
  const key = await keyOf(programs);
  const unfinished = join(folder, `.${PREFIX}${key}-${randomBytes(6).toString('hex')}`);
  try {
    const hash = await pack(from, unfinished);
    if (hash !== undefined) await rename(unfinished, join(folder, `${PREFIX}${key}-${superuser}-${hash}${SUFFIX}`));
    await removeOthers(folder, key);
  } catch {
    // A full disk, or a folder that cannot be written to.
  } finally {
    await rm(unfinished, { force: true }).catch(() => {});
  }
}

function isArchive(name: string, start: string): boolean {
  return name.startsWith(start) && name.endsWith(SUFFIX);
}

/** Archives of earlier versions of the same programs, and unfinished archives of killed runs. */
async function removeOthers(folder: string, key: string): Promise<void> {
  const programs = `${PREFIX}${key.split('-')[0]}-`;
  for (const name of await readdir(folder)) {
    const old = isArchive(name, programs) && !name.startsWith(`${PREFIX}${key}-`);
    const left = name.startsWith(`.${PREFIX}`) && (await isOld(join(folder, name)));
    if (old || left) await rm(join(folder, name), { force: true });
  }
}

const HOUR_MS = 3_600_000;

async function isOld(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > HOUR_MS;
}

/** `<programs>-<state>`: the folder of the programs, and everything else that decides what initdb makes. */
async function keyOf({ folder, version }: Programs): Promise<string> {
  const { TZ, LD_LIBRARY_PATH } = process.env;
  const state = createHash('sha256').update(JSON.stringify([version, INITDB_ARGS, TZ, LD_LIBRARY_PATH]));
  for (const path of [join(folder, 'postgres'), join(folder, 'initdb'), ...READ_BY_INITDB]) {
    const found = await stat(path).catch(() => undefined);
    // In an image, the number of a file and parts of a second differ from those of the build.
    state.update(found === undefined ? '-' : `${path} ${found.size} ${Math.floor(found.mtimeMs / 1_000)}\n`);
  }
  return `${short(createHash('sha256').update(folder))}-${short(state)}`;
}

function short(hash: ReturnType<typeof createHash>): string {
  return hash.digest('hex').slice(0, 16);
}

/** The hash of the file; undefined if `tar` failed. */
async function pack({ data, path, user }: ServerFolder, to: string): Promise<string | undefined> {
  const args = ['-cf', '-', '-C', data, '.'];
  const env = serverEnvironment();
  const child = spawn('tar', args, { cwd: path, env, stdio: ['ignore', 'pipe', 'ignore'], ...user });
  const ended = exitCodeOf(child);
  const hash = hashing();
  const compress = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  await pipeline(child.stdout, compress, hash.stream, createWriteStream(to, { mode: 0o600 }));
  return (await ended) === 0 ? hash.digest() : undefined;
}

/** Reads the file itself, since the user of the server may not. Empties the folder where it fails. */
async function unpack(file: string, hash: string, { data, path, user }: ServerFolder): Promise<boolean> {
  const args = ['-xpf', '-', '-C', data];
  const env = serverEnvironment();
  const child = spawn('tar', args, { cwd: path, env, stdio: ['pipe', 'ignore', 'ignore'], ...user });
  const ended = exitCodeOf(child);
  const read = hashing();
  const decompress = createZstdDecompress({ chunkSize: PIECE });
  // Node closes the input as soon as `tar` has ended, which can be before the pipeline has seen its end: the exit code and
  // the hash decide.
  await pipeline(createReadStream(file, { highWaterMark: PIECE }), read.stream, decompress, child.stdin).catch(
    () => {},
  );
  if ((await ended) === 0 && read.digest() === hash) return true;
  for (const name of await readdir(data)) await rm(join(data, name), { recursive: true, force: true });
  return false;
}

/** Passes on what it hashes. */
function hashing(): { stream: Transform; digest(): string } {
  const hash = createHash('sha256');
  const stream = new Transform({
    transform(chunk: Buffer, _encoding: string, done: TransformCallback) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  return { stream, digest: () => hash.digest('hex').slice(0, 32) };
}
