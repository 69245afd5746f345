import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { findOnPath, runCommand } from './processes.ts';
import { cachedGo } from './programs/go.ts';
import { DEFAULT_MAJOR } from './programs/pinned.ts';
import { cachedServer } from './programs/postgres-server.ts';

const DEBIAN = '/usr/lib/postgresql';

/**
 * The folder of PostgreSQL's programs: `PG_BIN` or `TEST_POSTGRES_BIN`, else the folder that `pg_config` prints, else the newest of
 * Debian's, else PATH, else what `npm run setup` has fetched. Throws with the command to type where there is no server.
 *
 * `PG_BIN` is db-manager's own variable and also chooses its client programs; `TEST_POSTGRES_BIN` chooses only the
 * server of the tests.
 */
export async function findPostgresBinaries(): Promise<string> {
  for (const name of ['TEST_POSTGRES_BIN', 'PG_BIN']) {
    const folder = process.env[name];
    if (!folder) continue;
    if (hasServer(folder)) return folder;
    throw new Error(`${name} is ${folder}, but there are no programs "initdb" and "postgres" in that folder`);
  }
  const installed = [await fromPgConfig(), ...fromDebian(), ...(process.env.PATH ?? '').split(delimiter)];
  const found = [...installed, cachedServer(DEFAULT_MAJOR)].find((folder) => folder !== undefined && hasServer(folder));
  if (found) return found;
  throw new Error(
    'The tests need a PostgreSQL server, and there is none on this machine. Run: npm run setup. ' +
      'Or set PG_BIN to a folder that holds initdb and postgres.',
  );
}

/**
 * Appends what `npm run setup` has fetched to PATH: db-manager looks for pg_dump there, and the cluster tests for Go,
 * in this process and in those that it starts. What is installed comes first.
 */
export function offerFetchedPrograms(): void {
  const server = fetchedServer();
  const go = findOnPath('go') ? undefined : cachedGo();
  const path = process.env.PATH ?? '';
  const offered = [server, go].filter((folder) => folder !== undefined && !path.split(delimiter).includes(folder));
  if (offered.length > 0) process.env.PATH = [path, ...offered].join(delimiter);
}

/** The programs that `npm run setup` has fetched; undefined on a machine that has Debian's. */
export function fetchedServer(): string | undefined {
  return fromDebian().length > 0 ? undefined : cachedServer(DEFAULT_MAJOR);
}

function hasServer(folder: string): boolean {
  return folder !== '' && existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres'));
}

async function fromPgConfig(): Promise<string | undefined> {
  const program = findOnPath('pg_config');
  if (!program) return undefined;
  const { code, stdout } = await runCommand(program, ['--bindir']);
  return code === 0 ? stdout.trim() : undefined;
}

function fromDebian(): string[] {
  if (!existsSync(DEBIAN)) return [];
  return readdirSync(DEBIAN)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(DEBIAN, version, 'bin'))
    .filter(hasServer);
}
