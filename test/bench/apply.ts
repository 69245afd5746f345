import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RUN_REQUEST_VARIABLE } from '../../src/core/model/request.ts';
import { requestFor } from '../engine/request.ts';
import { type TestDialect, temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { type Command, middle, printRatios, secondsOf } from './measure.ts';
import type { Peers } from './peers.ts';

export const COUNT = 1_000;
const ROUNDS = 5;

/**
 * "Apply 1,000 small migrations", each tool with its own files and its own process, on an empty database. The tools take
 * turns, so that a machine's bad moment meets all of them; ours is the built one, as users have it.
 */
export async function benchApply(dialect: TestDialect, peers: Peers): Promise<void> {
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  const folder = await temporaryFolder('bench-apply');
  const files = await writeMigrations(folder);
  const seconds = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { name, command } of tools(files, peers)) {
      const { url, drop } = await temporaryDatabase(dialect);
      const time = await secondsOf(await command(url));
      await drop();
      seconds.set(name, [...(seconds.get(name) ?? []), time]);
    }
  }
  const results = [...seconds].map(([name, times]) => ({ name, seconds: middle(times) }));
  const [ours, ...others] = results;
  if (ours !== undefined)
    printRatios(`apply ${COUNT} migrations, ${dialect} (budget: Alembic ≥ 2×, goose and dbmate ≥ 1×)`, ours, others);
}

type Tool = { name: string; command(url: string): Promise<Command> };

function tools({ folder }: { folder: string }, peers: Peers): Tool[] {
  const plain = {
    backup: { enabled: false },
    safety: { rehearsal: 'Disabled', mode: 'Disabled' },
    validation: { before: 'Disabled', after: 'Disabled' },
  } as const;
  const list: Tool[] = [
    {
      name: 'db-manager',
      command: async (url) => ({
        file: process.execPath,
        args: ['dist/cli/main.js', 'runner'],
        env: {
          DATABASE_URL: url,
          [RUN_REQUEST_VARIABLE]: JSON.stringify(requestFor(join(folder, 'dbmate'), folder, plain)),
          DB_MANAGER_TERMINATION_LOG: '/dev/null',
        },
      }),
    },
    {
      name: 'Umzug with Sequelize',
      command: async (url) => ({
        file: process.execPath,
        args: ['test/bench/umzug-plain.ts', url, join(folder, 'umzug')],
      }),
    },
  ];
  const { alembic, goose, dbmate } = peers;
  if (alembic !== undefined) {
    list.push({
      name: 'Alembic',
      command: async (url) => ({
        file: alembic,
        args: ['-c', join(folder, 'alembic.ini'), 'upgrade', 'head'],
        env: { BENCH_URL: sqlAlchemy(url) },
      }),
    });
  }
  if (goose !== undefined) {
    list.push({
      name: 'goose',
      command: async (url) => ({
        file: goose,
        args: url.startsWith('sqlite')
          ? ['-dir', join(folder, 'goose'), 'sqlite3', url.replace('sqlite:///', ''), 'up']
          : ['-dir', join(folder, 'goose'), 'postgres', `${url}?sslmode=disable`, 'up'],
      }),
    });
  }
  if (dbmate !== undefined) {
    list.push({
      name: 'dbmate',
      command: async (url) => ({
        file: dbmate,
        args: [
          '--url',
          url.startsWith('sqlite')
            ? url.replace('sqlite:///', 'sqlite:')
            : `${url.replace('postgresql:', 'postgres:')}?sslmode=disable`,
          '--migrations-dir',
          join(folder, 'dbmate'),
          '--no-dump-schema',
          'up',
        ],
      }),
    });
  }
  return list;
}

export function sqlAlchemy(url: string): string {
  return url.replace('postgresql:', 'postgresql+psycopg2:');
}

export async function writeMigrations(folder: string): Promise<{ folder: string }> {
  for (const name of ['dbmate', 'goose', 'umzug', 'versions']) await mkdir(join(folder, name));
  let previous = 'None';
  for (let n = 1; n <= COUNT; n += 1) {
    const version = String(20_240_101_000_000 + n);
    const up =
      n % 10 === 1
        ? `CREATE TABLE t${n} (id INTEGER PRIMARY KEY, name VARCHAR(40))`
        : `INSERT INTO t${n - ((n - 1) % 10)} VALUES (${n}, 'row')`;
    await writeFile(join(folder, 'dbmate', `${version}_step.sql`), `-- migrate:up\n${up};\n-- migrate:down\n`);
    await writeFile(join(folder, 'goose', `${version}_step.sql`), `-- +goose Up\n${up};\n-- +goose Down\n`);
    await writeFile(join(folder, 'umzug', `${version}_step.sql`), up);
    await writeFile(
      join(folder, 'versions', `${version}_step.py`),
      `from alembic import op\nrevision = "${version}"\ndown_revision = ${previous}\n\ndef upgrade():\n    op.execute("""${up}""")\n\ndef downgrade():\n    pass\n`,
    );
    previous = `"${version}"`;
  }
  await writeFile(join(folder, 'alembic.ini'), `[alembic]\nscript_location = ${folder}\n`);
  await writeFile(
    join(folder, 'env.py'),
    'import os\nfrom alembic import context\nfrom sqlalchemy import create_engine\nengine = create_engine(os.environ["BENCH_URL"])\nwith engine.connect() as connection:\n    context.configure(connection=connection, transaction_per_migration=True)\n    with context.begin_transaction():\n        context.run_migrations()\n',
  );
  return { folder };
}
