/** The tools that the histories were written for, installed from their package registries into a folder outside the repository. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mustRun } from '../../test/support/processes.ts';
import type { History, Tool } from './list.ts';

const GO = {
  goose: {
    module: 'github.com/pressly/goose/v3/cmd/goose@v3.30.0',
    tags: 'no_clickhouse,no_libsql,no_mssql,no_mysql,no_sqlite3,no_vertica,no_ydb',
    binary: 'goose',
  },
  'golang-migrate': {
    module: 'github.com/golang-migrate/migrate/v4/cmd/migrate@v4.20.1',
    tags: 'postgres',
    binary: 'migrate',
  },
} as const;
const FLYWAY = '13.12.0';
const TIMEOUT = 900_000;

/** Where a tool keeps its history. */
export const TABLE: Record<Exclude<Tool, 'psql'>, string> = {
  sequelize: '"SequelizeMeta"',
  'golang-migrate': 'schema_migrations',
  goose: 'goose_db_version',
  flyway: 'flyway_schema_history',
};

export interface Original {
  /** Applies the first `count` migrations to the database. */
  apply(history: History, folder: string, url: string, names: readonly string[], count: number): Promise<void>;
}

/** Installs what is missing below `tools`. Slow the first time, then immediate. */
export async function original(tool: Tool, tools: string): Promise<Original> {
  switch (tool) {
    case 'sequelize':
      return sequelizeCli(tools);
    case 'flyway':
      return flyway(tools);
    case 'psql':
      return psql();
    default: {
      const { module, tags, binary } = GO[tool];
      const program = join(tools, 'go', binary);
      const env = { ...process.env, GOBIN: join(tools, 'go'), GOFLAGS: '-mod=mod' };
      if (!existsSync(program)) await mustRun('go', ['install', '-tags', tags, module], { env, timeoutMs: TIMEOUT });
      return tool === 'goose' ? goose(program) : golangMigrate(program);
    }
  }
}

async function sequelizeCli(tools: string): Promise<Original> {
  const folder = join(tools, 'npm');
  await mkdir(folder, { recursive: true });
  const program = join(folder, 'node_modules', '.bin', 'sequelize');
  if (!existsSync(program)) await install(folder, ['sequelize@6', 'sequelize-cli@6', 'pg@8']);
  return {
    async apply(history, path, url, names, count) {
      const packages = (history.packages ?? []).filter((name) => !existsSync(join(folder, 'node_modules', name)));
      if (packages.length > 0) await install(folder, packages);
      const root = path.slice(0, -history.folder.length);
      await link(join(folder, 'node_modules'), join(root, 'node_modules'));
      if (history.linked !== undefined) {
        await link(join(root, history.linked.folder), join(folder, 'node_modules', history.linked.name));
      }
      const to = ['--to', names[count - 1] ?? ''];
      await mustRun(program, ['db:migrate', '--url', url, '--migrations-path', path, ...to], {
        cwd: root,
        env: { ...process.env, ...history.env },
        timeoutMs: TIMEOUT,
      });
    },
  };
}

async function install(folder: string, packages: readonly string[]): Promise<void> {
  await mustRun('npm', ['install', '--no-audit', '--no-fund', ...packages], { cwd: folder, timeoutMs: TIMEOUT });
}

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { force: true });
  await symlink(target, path);
}

function golangMigrate(program: string): Original {
  return {
    async apply(_history, path, url, _names, count) {
      await mustRun(program, ['-path', path, '-database', `${url}?sslmode=disable`, 'up', String(count)], {
        timeoutMs: TIMEOUT,
      });
    },
  };
}

function goose(program: string): Original {
  return {
    async apply(_history, path, url, names, count) {
      const version = /^\d+/.exec(names[count - 1] ?? '')?.[0] ?? '';
      await mustRun(program, ['-dir', path, 'postgres', `${url}?sslmode=disable`, 'up-to', version], {
        timeoutMs: TIMEOUT,
      });
    },
  };
}

/** One transaction for each file, as sqlx has it and Prisma's server makes of a text with several statements. */
function psql(): Original {
  return {
    async apply({ before }, path, url, names, count) {
      const run = (...args: string[]) =>
        mustRun('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', url, ...args], { timeoutMs: TIMEOUT });
      if (before !== undefined) await run('-c', before);
      for (const name of names.slice(0, count)) {
        const file = join(path, name);
        const outside = (await readFile(file, 'utf8')).startsWith('-- no-transaction');
        await run(...(outside ? [] : ['--single-transaction']), '-f', file);
      }
    },
  };
}

async function flyway(tools: string): Promise<Original> {
  const folder = join(tools, 'flyway');
  await mkdir(folder, { recursive: true });
  const dependency = (group: string, name: string, version: string) =>
    `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
  const plugin = `<plugin><groupId>org.flywaydb</groupId><artifactId>flyway-maven-plugin</artifactId><version>${FLYWAY}</version><dependencies>${[
    dependency('org.flywaydb', 'flyway-core', FLYWAY),
    dependency('org.flywaydb', 'flyway-database-postgresql', FLYWAY),
    dependency('org.postgresql', 'postgresql', '42.7.4'),
  ].join('')}</dependencies></plugin>`;
  const project = `<project><modelVersion>4.0.0</modelVersion><groupId>histories</groupId><artifactId>histories</artifactId><version>1</version><packaging>pom</packaging><build><plugins>${plugin}</plugins></build></project>`;
  await writeFile(join(folder, 'pom.xml'), project);
  return {
    async apply(history, path, url, names, count) {
      const { host, username, password, pathname } = new URL(url);
      const target = /^V(\d+(?:[._]\d+)*)__/.exec(names[count - 1] ?? '')?.[1]?.replaceAll('_', '.') ?? '';
      const settings = {
        url: `jdbc:postgresql://${host}${pathname}`,
        user: username,
        password,
        locations: `filesystem:${path}`,
        target,
        ...Object.fromEntries(
          Object.entries(history.placeholders ?? {}).map(([name, value]) => [`placeholders.${name}`, value]),
        ),
      };
      const args = Object.entries(settings).map(([name, value]) => `-Dflyway.${name}=${value}`);
      await mustRun('mvn', ['-q', '-B', 'flyway:migrate', ...args], { cwd: folder, timeoutMs: TIMEOUT });
    },
  };
}
