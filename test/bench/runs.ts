import { cp, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { temporaryFolder } from '../support/databases.ts';
import { writeMigrations } from './migrations.ts';
import type { Peers } from './peers.ts';
import { type Place, postgres, sqlite } from './places.ts';
import { type Tool, toolsOf } from './tools.ts';
import { compare, oursAndBefore, type Turn, usageOf } from './usage.ts';

const ROUNDS = 5;

/** What runs most often: 1,000 migrations are applied, and nothing or one is pending; and the import of the library. */
export async function benchRuns(peers: Peers): Promise<void> {
  for (const place of [sqlite, await postgres()]) await runsOn(place, peers);
  await benchImport();
}

async function runsOn(place: Place, peers: Peers): Promise<void> {
  const folder = await temporaryFolder('bench-runs');
  await writeMigrations(folder);
  const program = (main: string, on: string, ...words: string[]): Turn => ({
    file: process.execPath,
    args: [main, ...words, '--migrations', join(folder, 'dbmate'), '--database-url', on],
    cwd: folder,
  });
  const databases = new Map<string, string>();
  const ours = (...words: string[]) =>
    oursAndBefore(words.join(' '), async (main) => {
      const url = databases.get(main) ?? (await place.create()).url;
      if (!databases.has(main)) usageOf(program(main, url, 'migrate', 'upgrade'));
      databases.set(main, url);
      return program(main, url, ...words);
    });
  const tools = toolsOf(folder, peers);
  const applied = async (tool: Tool, ...apply: string[]) => {
    if (tool === undefined) return () => undefined;
    const { url } = await place.create();
    usageOf(tool(url, ...apply));
    return (...words: string[]) =>
      async () =>
        tool(url, ...words);
  };
  const knex = await applied(tools.knex);
  const goose = await applied(tools.goose, 'up');
  const alembic = await applied(tools.alembic, 'upgrade', 'head');
  const on = (what: string) => `${what}, 1,000 applied, ${place.name}`;
  await compare(
    on('Nothing pending'),
    {
      ...ours('migrate', 'upgrade'),
      knex: knex(),
      goose: goose('up'),
      Alembic: alembic('upgrade', 'head'),
    },
    ROUNDS,
    place,
  );
  await compare(
    on('Where it stands'),
    { ...ours('migrate', 'current'), 'goose version': goose('version'), 'alembic current': alembic('current') },
    ROUNDS,
    place,
  );
  await compare(
    on('What was applied'),
    { ...ours('migrate', 'history'), 'goose status': goose('status'), 'alembic history': alembic('history') },
    ROUNDS,
    place,
  );
  await benchSafe(place, folder);
}

/** The second and later runs: the schema that the first has verified is compared by its digest. */
async function benchSafe(place: Place, folder: string): Promise<void> {
  const places = new Map<string, { migrations: string; url: string; added: number }>();
  const safe = (name: string, count: number, rounds: number) =>
    compare(
      `safe-migrate, 1,000 applied, ${place.name}`,
      oursAndBefore(name, async (main) => {
        const at = places.get(main) ?? (await started(main));
        for (let n = 0; n < count; n += 1) await addMigration(at.migrations, ++at.added);
        return run(main, at);
      }),
      rounds,
      place,
    );
  const run = (main: string, { migrations, url }: { migrations: string; url: string }): Turn => ({
    file: process.execPath,
    args: [main, 'safe-migrate', '--migrations', migrations, '--database-url', url],
    cwd: folder,
  });
  const started = async (main: string) => {
    const at = { migrations: join(folder, `safe-${places.size}`), url: (await place.create()).url, added: 0 };
    await cp(join(folder, 'dbmate'), at.migrations, { recursive: true });
    usageOf({ ...run(main, at), args: [main, 'migrate', 'upgrade', ...run(main, at).args.slice(2)] });
    usageOf(run(main, at));
    places.set(main, at);
    return at;
  };
  await safe('nothing pending', 0, ROUNDS);
  await safe('1 pending', 1, ROUNDS);
  await safe('100 pending', 100, 3);
}

async function addMigration(folder: string, n: number): Promise<void> {
  const table = `CREATE TABLE more${n} (id bigint PRIMARY KEY)`;
  const text = `-- migrate:up\n${table};\n-- migrate:down\nDROP TABLE more${n};\n`;
  await writeFile(join(folder, `${20_250_101_000_000 + n}_more.sql`), text);
}

async function benchImport(): Promise<void> {
  const load = (module: string): (() => Promise<Turn>) => {
    const text = `await import(${JSON.stringify(module)})`;
    return async () => ({ file: process.execPath, args: ['--input-type=module', '-e', text] });
  };
  await compare(
    'Import of the library',
    {
      ...oursAndBefore('db-manager', (main) => load(resolve(main, '../../index.js'))()),
      Sequelize: load('sequelize'),
      Umzug: load('umzug'),
      knex: load('knex'),
    },
    ROUNDS,
  );
}
