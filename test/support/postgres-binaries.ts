import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath, runCommand } from './processes.ts';

const DEBIAN = '/usr/lib/postgresql';

/**
 * The folder of PostgreSQL's programs: `PG_BIN`, else what `pg_config` says, else the newest of Debian's, else PATH.
 * Throws with the package to install where there is no server.
 */
export async function findPostgresBinaries(): Promise<string> {
  const { PG_BIN } = process.env;
  if (PG_BIN) {
    if (hasServer(PG_BIN)) return PG_BIN;
    throw new Error(`PG_BIN is ${PG_BIN}, but there are no programs "initdb" and "postgres" in that folder`);
  }
  const candidates = [await fromPgConfig(), ...fromDebian(), ...(process.env.PATH ?? '').split(':')];
  const found = candidates.find((folder) => folder !== undefined && hasServer(folder));
  if (found) return found;
  throw new Error(
    'the tests need a PostgreSQL server and none is installed. On Debian and Ubuntu: apt-get install postgresql; ' +
      'elsewhere set PG_BIN to the folder that holds initdb and postgres',
  );
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
    .map((version) => join(DEBIAN, version, 'bin'));
}
