/** Where PostgreSQL's programs are on this machine: one finder for clients (`dump-clients.ts`) and servers. */
import { execFile } from 'node:child_process';
import { access, constants, readdir, stat } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const DEBIAN = '/usr/lib/postgresql';

/** PostgreSQL's own programs of one folder, all of one version. */
export interface Programs {
  folder: string;
  major: number;
  /** As the program prints it: `pg_dump (PostgreSQL) 15.18`. */
  version: string;
}

/** The programs of exactly this version, in the first folder that has them. The folders after it are not asked. */
export async function findVersion(
  major: number,
  names: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Programs | undefined> {
  // pg_config, and Debian's wrapper in PATH, take longer to answer than the programs themselves.
  const own = env.PG_BIN ? undefined : await look(join(DEBIAN, String(major), 'bin'), names);
  if (own?.major === major) return own;
  for (const folder of await programFolders(env)) {
    const found = await look(folder, names);
    if (found?.major === major) return found;
  }
  return undefined;
}

/** The folders to look in: `PG_BIN` alone where it is set, else the folder of pg_config, Debian's versions and PATH. */
export async function programFolders(env: NodeJS.ProcessEnv): Promise<string[]> {
  if (env.PG_BIN) return [env.PG_BIN];
  return [...new Set([...(await debianFolders()), ...(await fromPgConfig(env)), ...pathFolders(env)])];
}

function pathFolders(env: NodeJS.ProcessEnv): string[] {
  return (env.PATH ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));
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
  for (const folder of pathFolders(env)) {
    const program = join(folder, 'pg_config');
    try {
      await access(program, constants.X_OK);
      const answer = await ask(program, ['--bindir'], env);
      return answer === '' ? [] : [answer];
    } catch {
      // It comes with the packages for developers, which most machines do not have.
    }
  }
  return [];
}

async function look(folder: string, [first = '', ...others]: readonly string[]): Promise<Programs | undefined> {
  try {
    await Promise.all([first, ...others].map((program) => access(join(folder, program), constants.X_OK)));
    const version = (await ask(join(folder, first), ['--version'])).replace(/ \(Debian.*$/, '');
    const major = Number(/\) (\d+)/.exec(version)?.[1]);
    return Number.isInteger(major) ? { folder, major, version } : undefined;
  } catch {
    // A folder without the programs, or with one that cannot run here, is not a candidate.
    return undefined;
  }
}

/** What each program has answered, by the file that it is: a run looks for programs at each dump and restore. */
const answers = new Map<string, Promise<string>>();

/** Asks a program once for as long as its file is the same; a failure is not remembered. */
async function ask(program: string, args: readonly string[], env = process.env): Promise<string> {
  const { dev, ino, size, mtimeMs } = await stat(program);
  // One file may be several programs: Debian's wrapper goes by the name it is called by.
  const key = [basename(program), ...args, dev, ino, size, mtimeMs].join(' ');
  const known = answers.get(key);
  if (known !== undefined) return known;
  const answer = run(program, [...args], { env }).then(({ stdout }) => stdout.trim());
  answers.set(key, answer);
  answer.catch(() => answers.delete(key));
  return answer;
}
