/** The other tools, from their registries, once into a cache. What cannot be had is left out and reported in one line. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fetchTools, programOf } from '../support/programs/tools.ts';

const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'db-manager', 'bench');

export interface Peers {
  python?: string;
  alembic?: string;
  goose?: string;
  dbmate?: string;
  migrate?: string;
  squawk?: string;
  mvn?: string;
  /** The folder of node_modules with knex, node-pg-migrate and drizzle-orm. */
  node?: string;
}

export function installPeers(): Peers {
  mkdirSync(CACHE, { recursive: true });
  return {
    ...attempt('Alembic', () => ({
      alembic: pythonProgram('py', 'alembic', ['alembic', 'sqlalchemy', 'psycopg2-binary']),
      python: join(CACHE, 'py', 'bin', 'python'),
    })),
    ...attempt('squawk', () => ({ squawk: pythonProgram('squawk', 'squawk', ['squawk-cli']) })),
    ...attempt('goose', () => ({ goose: goProgram('goose', 'github.com/pressly/goose/v3/cmd/goose@latest') })),
    ...attempt('dbmate', () => ({ dbmate: goProgram('dbmate', 'github.com/amacneil/dbmate/v2@latest') })),
    ...attempt('golang-migrate', () => {
      fetchTools('go');
      return { migrate: programOf('go') };
    }),
    ...attempt('knex, node-pg-migrate and drizzle', () => {
      fetchTools('node');
      return { node: join(programOf('node'), '..', '..') };
    }),
    ...attempt('Flyway', () => {
      fetchTools('flyway');
      return { mvn: programOf('flyway') };
    }),
  };
}

function pythonProgram(folder: string, name: string, packages: string[]): string {
  const bin = join(CACHE, folder, 'bin');
  // An installation that was interrupted left a part of the program.
  if (spawnSync(join(bin, name), ['--version']).status !== 0) {
    execFileSync('python3', ['-m', 'venv', join(CACHE, folder)], { stdio: 'pipe' });
    execFileSync(join(bin, 'pip'), ['-q', 'install', '--force-reinstall', ...packages], { stdio: 'pipe' });
  }
  return join(bin, name);
}

function goProgram(name: string, module: string): string {
  const program = join(CACHE, 'bin', name);
  if (!existsSync(program)) {
    execFileSync('go', ['install', module], {
      env: { ...process.env, GOBIN: join(CACHE, 'bin'), CGO_ENABLED: '1' },
      stdio: 'ignore',
    });
  }
  return program;
}

function attempt<T extends object>(name: string, install: () => T): T | object {
  try {
    return install();
  } catch (error) {
    console.log(
      `${name} could not be installed and is left out: ${error instanceof Error ? error.message.split('\n')[0] : error}`,
    );
    return {};
  }
}
