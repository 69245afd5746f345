import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'db-manager', 'bench');

/** The other tools, from their registries, once into a cache. What cannot be had is left out and said so. */
export interface Peers {
  python?: string;
  alembic?: string;
  goose?: string;
  dbmate?: string;
}

export function installPeers(): Peers {
  mkdirSync(CACHE, { recursive: true });
  return {
    ...attempt('Alembic', () => {
      const python = join(CACHE, 'py', 'bin', 'python');
      const alembic = join(CACHE, 'py', 'bin', 'alembic');
      if (!existsSync(alembic)) {
        execFileSync('python3', ['-m', 'venv', join(CACHE, 'py')]);
        execFileSync(join(CACHE, 'py', 'bin', 'pip'), ['-q', 'install', 'alembic', 'sqlalchemy', 'psycopg2-binary']);
      }
      return { python, alembic };
    }),
    ...attempt('goose', () => ({ goose: goProgram('goose', 'github.com/pressly/goose/v3/cmd/goose@latest') })),
    ...attempt('dbmate', () => ({ dbmate: goProgram('dbmate', 'github.com/amacneil/dbmate/v2@latest') })),
  };
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
