import { execFileSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type TestDialect, temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { sqlAlchemy, writeMigrations } from './apply.ts';
import type { Command } from './measure.ts';
import type { Peers } from './peers.ts';
import { compare, usageOf } from './usage.ts';

const ROUNDS = 5;

/** What runs most often: 1,000 migrations are applied, and nothing or one is pending; and the import of the library. */
export async function benchRuns(dialect: TestDialect, peers: Peers): Promise<void> {
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  const folder = await temporaryFolder('bench-runs');
  await writeMigrations(folder);
  const url = (await temporaryDatabase(dialect)).url;
  const places = ['--migrations', join(folder, 'dbmate'), '--database-url'];
  const ours = (on: string, ...words: string[]): Command => ({
    file: process.execPath,
    args: [resolve('dist/cli/main.js'), ...words, ...places, on],
    cwd: folder,
  });
  usageOf(ours(url, 'migrate', 'upgrade'));
  const knex = await knexOn(folder, dialect);
  const goose = await gooseOn(folder, dialect, peers);
  const alembic = await alembicOn(folder, dialect, peers);
  const on = (what: string) => `${what}, 1,000 applied, ${dialect}`;
  const fixed = (command: Command | undefined) => (command === undefined ? undefined : async () => command);
  await compare(
    on('nothing pending'),
    {
      'migrate upgrade': fixed(ours(url, 'migrate', 'upgrade')),
      knex: fixed(knex),
      goose: fixed(goose?.('up')),
      Alembic: fixed(alembic?.('upgrade', 'head')),
    },
    ROUNDS,
  );
  await compare(
    on('where it stands'),
    {
      'migrate current': fixed(ours(url, 'migrate', 'current')),
      'goose version': fixed(goose?.('version')),
      'alembic current': fixed(alembic?.('current')),
    },
    ROUNDS,
  );
  await compare(
    on('what was applied'),
    {
      'migrate history': fixed(ours(url, 'migrate', 'history')),
      'goose status': fixed(goose?.('status')),
      'alembic history': fixed(alembic?.('history')),
    },
    ROUNDS,
  );
  await benchSafe(dialect, folder);
  if (dialect === 'sqlite') await benchImport();
}

/** The second and later runs: the schema that the first has verified is compared by its digest. */
async function benchSafe(dialect: TestDialect, folder: string): Promise<void> {
  const { url } = await temporaryDatabase(dialect);
  const migrations = join(folder, 'safe');
  await cp(join(folder, 'dbmate'), migrations, { recursive: true });
  const safe: Command = {
    file: process.execPath,
    args: [resolve('dist/cli/main.js'), 'safe-migrate', '--migrations', migrations, '--database-url', url],
    cwd: folder,
  };
  let added = 0;
  const add = async (count: number) => {
    for (let n = 0; n < count; n += 1) {
      const name = `${20_250_101_000_000 + ++added}_more.sql`;
      const table = `CREATE TABLE more${added} (id bigint PRIMARY KEY)`;
      await writeFile(join(migrations, name), `-- migrate:up\n${table};\n-- migrate:down\nDROP TABLE more${added};\n`);
    }
    return safe;
  };
  usageOf(safe);
  await compare(`safe-migrate, ${dialect}`, { 'nothing pending': async () => safe }, ROUNDS);
  await compare(`safe-migrate, ${dialect}`, { '1 pending of 1,000': () => add(1) }, ROUNDS);
  await compare(`safe-migrate, ${dialect}`, { '100 pending of 1,000': () => add(100) }, 1);
}

async function benchImport(): Promise<void> {
  const load = (module: string): (() => Promise<Command>) => {
    const text = `await import(${JSON.stringify(module)})`;
    return async () => ({ file: process.execPath, args: ['--input-type=module', '-e', text] });
  };
  await compare(
    'import',
    {
      'db-manager': load(resolve('dist/index.js')),
      Sequelize: load('sequelize'),
      Umzug: load('umzug'),
      knex: load('knex'),
    },
    ROUNDS,
  );
}

async function knexOn(folder: string, dialect: TestDialect): Promise<Command> {
  const { url } = await temporaryDatabase(dialect);
  const directory = join(folder, 'knex');
  await mkdir(directory);
  for (const name of await readdir(join(folder, 'umzug'))) {
    const sql = JSON.stringify(await readFile(join(folder, 'umzug', name), 'utf8'));
    await writeFile(
      join(directory, name.replace(/\.sql$/, '.cjs')),
      `exports.up = (knex) => knex.raw(${sql});\nexports.down = async () => {};\n`,
    );
  }
  const settings = {
    client: dialect === 'postgres' ? 'pg' : 'sqlite3',
    connection: dialect === 'postgres' ? url : { filename: url.replace('sqlite:///', '') },
    useNullAsDefault: true,
    migrations: { directory, loadExtensions: ['.cjs'] },
  };
  const script = join(folder, 'knex.cjs');
  await writeFile(
    script,
    `const knex = require(${JSON.stringify(resolve('node_modules/knex'))})(${JSON.stringify(settings)});\nknex.migrate.latest().then(() => knex.destroy());\n`,
  );
  const command = { file: process.execPath, args: [script] };
  usageOf(command);
  return command;
}

async function gooseOn(
  folder: string,
  dialect: TestDialect,
  { goose }: Peers,
): Promise<((word: string) => Command) | undefined> {
  if (goose === undefined) return undefined;
  const { url } = await temporaryDatabase(dialect);
  const place =
    dialect === 'sqlite' ? ['sqlite3', url.replace('sqlite:///', '')] : ['postgres', `${url}?sslmode=disable`];
  const command = (word: string) => ({ file: goose, args: ['-dir', join(folder, 'goose'), ...place, word] });
  usageOf(command('up'));
  return command;
}

async function alembicOn(
  folder: string,
  dialect: TestDialect,
  { alembic }: Peers,
): Promise<((...words: string[]) => Command) | undefined> {
  if (alembic === undefined) return undefined;
  const { url } = await temporaryDatabase(dialect);
  const env = { BENCH_URL: sqlAlchemy(url) };
  const command = (...words: string[]) => ({
    file: alembic,
    args: ['-c', join(folder, 'alembic.ini'), ...words],
    env,
  });
  usageOf(command('upgrade', 'head'));
  return command;
}
