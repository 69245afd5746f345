/** Migration tools of other projects, for the tests of `wrap`: from package registries into the cache, or from Debian. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath } from '../processes.ts';
import { madeServerCache, serverCache } from './cache.ts';

export type ToolSet = 'python' | 'node' | 'node-drivers' | 'go' | 'liquibase' | 'flyway' | 'pgjdbc' | 'debian';

interface Set {
  /** The folder of its programs. */
  bin: string;
  /** A program that is there if the set is. */
  program: string;
  fetch(): void;
}

const PYTHON = ['alembic==1.20.1', 'sqlalchemy==2.1.9', 'django==5.2.19', 'psycopg[binary]==3.3.9', 'asyncpg==0.32.0'];
const NODE = [
  'knex@3.3.0',
  'pg@8.23.1',
  'sqlite3@6.0.1',
  // TypeORM and Drizzle load better-sqlite3, which is compiled on each machine. libsql has the same interface as a binary.
  'better-sqlite3@npm:libsql@0.5.29',
  'typeorm@1.1.1',
  'reflect-metadata@0.2.2',
  'drizzle-orm@0.45.4',
  'drizzle-kit@0.31.11',
  'node-pg-migrate@9.0.0',
];
/** node-postgres with its packages for COPY and for cursors. */
const NODE_DRIVERS = ['pg@8.23.1', 'pg-copy-streams@7.0.0', 'pg-cursor@2.22.1'];
const PGJDBC = '42.7.14';
const GO = [
  ['github.com/pressly/goose/v3/cmd/goose@v3.26.0'],
  ['-tags', 'postgres sqlite3', 'github.com/golang-migrate/migrate/v4/cmd/migrate@v4.19.0'],
];
const DEBIAN = ['sqitch', 'libdbd-pg-perl', 'ruby', 'ruby-pg', 'ruby-sqlite3', 'rake', 'ruby-activerecord'];

const folder = (name: string) => join(serverCache(), 'tools', name);
const run = (program: string, args: string[], env: NodeJS.ProcessEnv = {}, cwd?: string) =>
  execFileSync(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });

const SETS: Record<ToolSet, Set> = {
  python: {
    bin: join(folder('python'), 'bin'),
    program: 'alembic',
    fetch() {
      const into = folder('python');
      // Debian's Python has pip for an environment only with one more package; its own pip installs into one too.
      const alone = spawnSync('python3', ['-c', 'import ensurepip'], { stdio: 'ignore' }).status !== 0;
      run('python3', ['-m', 'venv', ...(alone ? ['--without-pip'] : []), into]);
      const install = ['install', '--quiet', ...PYTHON];
      if (alone) run('python3', ['-m', 'pip', '--python', into, ...install]);
      else run(join(into, 'bin', 'pip'), install);
    },
  },
  node: {
    bin: join(folder('node'), 'node_modules', '.bin'),
    // The package that was added last: a folder of before is completed.
    program: '../better-sqlite3/package.json',
    fetch() {
      mkdirSync(folder('node'), { recursive: true });
      writeFileSync(join(folder('node'), 'package.json'), '{ "private": true }\n');
      // Drizzle names versions of better-sqlite3 that libsql does not have.
      const flags = ['--no-audit', '--no-fund', '--no-save', '--legacy-peer-deps'];
      run('npm', ['install', ...flags, ...NODE], {}, folder('node'));
    },
  },
  'node-drivers': {
    bin: join(folder('node-drivers'), 'node_modules'),
    program: 'pg-cursor',
    fetch() {
      mkdirSync(folder('node-drivers'), { recursive: true });
      writeFileSync(join(folder('node-drivers'), 'package.json'), '{ "private": true }\n');
      run('npm', ['install', '--no-audit', '--no-fund', '--no-save', ...NODE_DRIVERS], {}, folder('node-drivers'));
    },
  },
  go: {
    bin: folder('go'),
    program: 'migrate',
    fetch() {
      for (const args of GO) run('go', ['install', ...args], { GOBIN: folder('go') });
    },
  },
  liquibase: {
    bin: join(folder('liquibase'), 'node_modules', 'liquibase', 'dist', 'liquibase'),
    program: 'liquibase',
    fetch() {
      mkdirSync(folder('liquibase'), { recursive: true });
      writeFileSync(join(folder('liquibase'), 'package.json'), '{ "private": true }\n');
      run('npm', ['install', '--no-audit', '--no-fund', '--no-save', 'liquibase@4.28.1'], {}, folder('liquibase'));
    },
  },
  flyway: {
    bin: folder('flyway'),
    program: 'mvn',
    fetch: fetchFlyway,
  },
  pgjdbc: {
    bin: folder('pgjdbc'),
    program: `postgresql-${PGJDBC}.jar`,
    fetch() {
      const goal = 'dependency:copy';
      const artifact = `-Dartifact=org.postgresql:postgresql:${PGJDBC}`;
      run('mvn', ['-q', '-B', goal, artifact, `-DoutputDirectory=${folder('pgjdbc')}`]);
    },
  },
  debian: {
    bin: '/usr/bin',
    program: 'sqitch',
    fetch() {
      run('apt-get', ['install', '-y', '--no-install-recommends', ...DEBIAN], { DEBIAN_FRONTEND: 'noninteractive' });
    },
  },
};

/** Maven keeps the plugin of the sample and its drivers in its own cache. */
function fetchFlyway(): void {
  const sample = join(import.meta.dirname, '../../../deploy/samples/commands/flyway/pom.xml');
  // It resolves the plugin with all that it needs, and then does nothing.
  run('mvn', ['-q', '-B', '-f', sample, '-Dflyway.skip=true', 'flyway:info']);
  mkdirSync(folder('flyway'), { recursive: true });
  writeFileSync(join(folder('flyway'), 'mvn'), `#!/bin/sh\nexec '${findOnPath('mvn')}' -o "$@"\n`, { mode: 0o755 });
}

/** The folder of the programs of a set, or undefined if it is not there. */
export function toolsIn(set: ToolSet): string | undefined {
  const { bin, program } = SETS[set];
  return existsSync(join(bin, program)) ? bin : undefined;
}

/** Fetches a set that is not there. Throws with the words of the package client. */
export function fetchTools(set: ToolSet): void {
  if (toolsIn(set) !== undefined) return;
  if (set === 'debian' && (process.getuid?.() !== 0 || findOnPath('apt-get') === undefined)) {
    throw new Error(`only root can install: apt-get install ${DEBIAN.join(' ')}`);
  }
  mkdirSync(join(madeServerCache(), 'tools'), { recursive: true });
  SETS[set].fetch();
}

/** The path of a program or package of a set. */
export function programOf(set: ToolSet): string {
  const { bin, program } = SETS[set];
  return join(bin, program);
}

export const TOOL_SETS = Object.keys(SETS) as ToolSet[];
