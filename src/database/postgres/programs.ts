/** Where PostgreSQL's programs are on this machine: one finder for clients (`dump-clients.ts`) and servers. */
import { execFile } from 'node:child_process';
import { access, constants, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const DEBIAN = '/usr/lib/postgresql';

/** PostgreSQL's own programs of one folder, all of one version. */
export interface Programs {
  folder: string;
  major: number;
  /** As the program says it: `pg_dump (PostgreSQL) 15.18`. */
  version: string;
}

/** The folders to look in: `PG_BIN` alone where it is set, else what pg_config says, Debian's versions and PATH. */
export async function programFolders(env: NodeJS.ProcessEnv): Promise<string[]> {
  if (env.PG_BIN) return [env.PG_BIN];
  const path = (env.PATH ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));
  return [...new Set([...(await debianFolders()), ...(await fromPgConfig(env)), ...path])];
}

/** The folders that contain all these programs, with the version that the first of them reports. */
export async function findPrograms(folders: readonly string[], names: readonly string[]): Promise<Programs[]> {
  const found = await Promise.all(folders.map((folder) => look(folder, names)));
  return found.filter((programs) => programs !== undefined);
}

async function debianFolders(): Promise<string[]> {
  const versions = await readdir(DEBIAN).catch(() => []);
  return versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(DEBIAN, version, 'bin'));
}

async function fromPgConfig(env: NodeJS.ProcessEnv): Promise<string[]> {
  try {
    const { stdout } = await run('pg_config', ['--bindir'], { env });
    return stdout.trim() === '' ? [] : [stdout.trim()];
  } catch {
    // It comes with the packages for developers, which most machines do not have.
    return [];
  }
}

async function look(folder: string, [first = '', ...others]: readonly string[]): Promise<Programs | undefined> {
  try {
    await Promise.all([first, ...others].map((program) => access(join(folder, program), constants.X_OK)));
    const { stdout } = await run(join(folder, first), ['--version']);
    const version = stdout.trim().replace(/ \(Debian.*$/, '');
    const major = Number(/\) (\d+)/.exec(version)?.[1]);
    return Number.isInteger(major) ? { folder, major, version } : undefined;
  } catch {
    // A folder without the programs, or with one that cannot run here, is not a candidate.
    return undefined;
  }
}
