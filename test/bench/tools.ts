/** The commands with which other tools work on the migrations of `writeMigrations`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Peers } from './peers.ts';
import type { Turn } from './usage.ts';

/** A command of the tool for a database, by its words; undefined where the tool is missing or cannot have the database. */
export type Tool = ((url: string, ...words: string[]) => Turn) | undefined;

const isSqlite = (url: string) => url.startsWith('sqlite');
const fileOf = (url: string) => url.replace('sqlite:///', '');
const withoutTls = (url: string) => `${url.replace('postgresql:', 'postgres:')}?sslmode=disable`;

export function sqlAlchemy(url: string): string {
  return url.replace('postgresql:', 'postgresql+psycopg2:');
}

export function toolsOf(folder: string, peers: Peers) {
  return {
    alembic: alembic(folder, peers),
    goose: goose(folder, peers),
    dbmate: dbmate(folder, peers),
    migrate: golangMigrate(folder, peers),
    flyway: flyway(folder, peers),
    umzug: (url: string): Turn => script(resolve('test/bench/umzug-plain.ts'), url, join(folder, 'umzug')),
    knex: knex(folder, peers),
    nodePgMigrate: nodePgMigrate(folder, peers),
    drizzle: drizzle(folder, peers),
  };
}

function script(...args: string[]): Turn {
  return { file: process.execPath, args };
}

function alembic(folder: string, { alembic }: Peers): Tool {
  if (alembic === undefined) return undefined;
  return (url, ...words) => ({
    file: alembic,
    args: ['-c', join(folder, 'alembic.ini'), ...words],
    env: { BENCH_URL: sqlAlchemy(url) },
  });
}

function goose(folder: string, { goose }: Peers): Tool {
  if (goose === undefined) return undefined;
  return (url, ...words) => ({
    file: goose,
    args: [
      ...['-dir', join(folder, 'goose')],
      ...(isSqlite(url) ? ['sqlite3', fileOf(url)] : ['postgres', withoutTls(url)]),
      ...words,
    ],
  });
}

function dbmate(folder: string, { dbmate }: Peers): Tool {
  if (dbmate === undefined) return undefined;
  return (url) => ({
    file: dbmate,
    args: [
      ...['--url', isSqlite(url) ? url.replace('sqlite:///', 'sqlite:') : withoutTls(url)],
      ...['--migrations-dir', join(folder, 'dbmate'), '--no-dump-schema', 'up'],
    ],
  });
}

function golangMigrate(folder: string, { migrate }: Peers): Tool {
  if (migrate === undefined) return undefined;
  return (url) => ({
    file: migrate,
    args: [
      ...['-path', join(folder, 'migrate'), '-database'],
      ...[isSqlite(url) ? `sqlite3://${fileOf(url)}` : withoutTls(url), 'up'],
    ],
  });
}

/** Through its Maven plugin: Maven's own start counts too. */
function flyway(folder: string, { mvn }: Peers): Tool {
  if (mvn === undefined) return undefined;
  return (url) => {
    const { protocol, username, password, host, pathname } = new URL(url);
    const jdbc = isSqlite(url) ? `jdbc:sqlite:${fileOf(url)}` : `jdbc:${protocol}//${host}${pathname}`;
    const settings = { url: jdbc, user: username, password, locations: `filesystem:${join(folder, 'flyway')}` };
    return {
      file: mvn,
      args: [
        ...['-q', '-B', '-f', resolve('deploy/samples/commands/flyway/pom.xml'), 'flyway:migrate'],
        ...Object.entries(settings).map(([name, value]) => `-Dflyway.${name}=${value}`),
      ],
    };
  };
}

/** Node resolves packages from the folder of a script, so the script is written next to them. */
function besidePackages(folder: string, node: string, name: string, text: string): string {
  const file = join(folder, 'scripts', name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text.replaceAll('NODE_MODULES', node));
  return file;
}

function knex(folder: string, { node }: Peers): Tool {
  if (node === undefined) return undefined;
  const file = besidePackages(
    folder,
    node,
    'knex.cjs',
    `const [url] = process.argv.slice(2);
const sqlite = url.startsWith('sqlite');
const knex = require('NODE_MODULES/knex')({
  client: sqlite ? 'sqlite3' : 'pg',
  connection: sqlite ? { filename: url.replace('sqlite:///', '') } : url,
  useNullAsDefault: true,
  migrations: { directory: ${JSON.stringify(join(folder, 'knex'))}, loadExtensions: ['.cjs'] },
});
knex.migrate.latest().then(() => knex.destroy());
`,
  );
  return (url) => script(file, url);
}

function nodePgMigrate(folder: string, { node }: Peers): Tool {
  if (node === undefined) return undefined;
  const program = join(node, 'node-pg-migrate', 'bin', 'node-pg-migrate.js');
  return (url) => ({
    ...script(program, 'up', '-m', join(folder, 'node-pg-migrate')),
    env: { DATABASE_URL: url },
  });
}

function drizzle(folder: string, { node }: Peers): Tool {
  if (node === undefined) return undefined;
  const file = besidePackages(
    folder,
    node,
    'drizzle.cjs',
    `const { Pool } = require('NODE_MODULES/pg');
const { drizzle } = require('NODE_MODULES/drizzle-orm/node-postgres');
const { migrate } = require('NODE_MODULES/drizzle-orm/node-postgres/migrator');
const pool = new Pool({ connectionString: process.argv[2] });
migrate(drizzle(pool), { migrationsFolder: ${JSON.stringify(join(folder, 'drizzle'))} }).then(() => pool.end());
`,
  );
  return (url) => script(file, url);
}
