import { execFile } from 'node:child_process';
import { access, constants, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { ProblemError } from '../../core/model/problem.ts';

const run = promisify(execFile);
const DEBIAN = '/usr/lib/postgresql';
const PROGRAMS = ['pg_dump', 'pg_restore', 'psql'];

/** PostgreSQL's own programs, all of one version. */
export interface Clients {
  folder: string;
  major: number;
  /** As the program says it: `pg_dump (PostgreSQL) 15.18`. */
  version: string;
}

/**
 * The programs to use with a server of that major version: those in `PG_BIN`, else the server's own version where it
 * is installed, else the oldest newer one (a newer one writes settings that an older server does not know). Throws
 * ProblemError ClientTooOld, naming what to install.
 */
export async function findClients(serverMajor: number, env: NodeJS.ProcessEnv = process.env): Promise<Clients> {
  const { found, folders } = await installed(env);
  const fitting = found.filter(({ major }) => major >= serverMajor).sort((a, b) => a.major - b.major);
  if (fitting[0] !== undefined) return fitting[0];
  throw tooOld(serverMajor, found, folders);
}

/** The newest programs of this machine: they read the dumps of all versions up to their own. Throws ClientTooOld. */
export async function newestClients(env: NodeJS.ProcessEnv = process.env): Promise<Clients> {
  const { found, folders } = await installed(env);
  const [newest] = found.sort((a, b) => b.major - a.major);
  if (newest !== undefined) return newest;
  throw tooOld(OLDEST, found, folders);
}

/** The major version in the words of pg_dump's `--version`; 0 where there is none. */
export function majorIn(version: string): number {
  return Number(/\) (\d+)/.exec(version)?.[1] ?? 0);
}

const OLDEST = 12;

async function installed(env: NodeJS.ProcessEnv): Promise<{ found: Clients[]; folders: string[] }> {
  const folders = env.PG_BIN ? [env.PG_BIN] : [...(await debianFolders()), ...pathFolders(env)];
  const found: Clients[] = [];
  for (const folder of folders) {
    const clients = await look(folder);
    if (clients !== undefined) found.push(clients);
  }
  return { found, folders };
}

function tooOld(serverMajor: number, found: Clients[], folders: string[]): ProblemError {
  const have =
    found.length > 0
      ? `only ${found.map(({ version, folder }) => `${version} in ${folder}`).join(', ')}`
      : `none in ${folders.join(', ')}`;
  return new ProblemError({
    reason: 'ClientTooOld',
    message:
      `The server is PostgreSQL ${serverMajor} and needs pg_dump, pg_restore and psql ${serverMajor} or newer; found ` +
      `${have}. Use a runner image with postgresql-client-${serverMajor}, or set PG_BIN to the folder that holds them.`,
  });
}

async function debianFolders(): Promise<string[]> {
  const versions = await readdir(DEBIAN).catch(() => []);
  return versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(DEBIAN, version, 'bin'));
}

function pathFolders(env: NodeJS.ProcessEnv): string[] {
  return (env.PATH ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));
}

async function look(folder: string): Promise<Clients | undefined> {
  try {
    await Promise.all(PROGRAMS.map((program) => access(join(folder, program), constants.X_OK)));
    const { stdout } = await run(join(folder, 'pg_dump'), ['--version']);
    const version = stdout.trim().replace(/ \(Debian.*$/, '');
    const major = majorIn(version);
    return major > 0 ? { folder, major, version } : undefined;
  } catch {
    // A folder without the programs, or with one that cannot run here, is none of the candidates.
    return undefined;
  }
}
