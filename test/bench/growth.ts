/** What a command takes for 10, 100, 1,000 and 10,000 of what it reads: nothing may grow faster than its input. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DIALECTS, type TestDialect, temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { OURS, type Usage, usageOf } from './usage.ts';
import { writeModels } from './validate.ts';

/** `BENCH_GROWTH=10000` measures one size. */
const SIZES = (process.env.BENCH_GROWTH ?? '10,100,1000,10000').split(',').map(Number);

/** Prepares a folder and a database for `count` of its kind, and returns the commands that are measured, in their order. */
type Case = (count: number, place: Place) => Promise<Record<string, string[] | (() => Promise<string[]>)>>;

interface Place {
  folder: string;
  url: string;
  dialect: TestDialect;
}

const CASES: Record<string, Case> = { tables, migrations, rows, findings };
/** `BENCH_GROWTH_OF=tables` measures one kind. */
const WHAT = (process.env.BENCH_GROWTH_OF ?? Object.keys(CASES).join()).split(',');

export async function benchGrowth(): Promise<void> {
  for (const dialect of DIALECTS) {
    for (const [what, prepare] of Object.entries(CASES)) {
      if (!WHAT.includes(what)) continue;
      const found = new Map<string, Usage[]>();
      for (const size of SIZES) await measure(prepare, size, dialect, found);
      print(`growth with the number of ${what}, ${dialect}`, found);
    }
  }
}

async function measure(prepare: Case, size: number, dialect: TestDialect, found: Map<string, Usage[]>): Promise<void> {
  const folder = await temporaryFolder('bench-growth');
  const { url, drop } = await temporaryDatabase(dialect);
  for (const [name, command] of Object.entries(await prepare(size, { folder, url, dialect }))) {
    const args = typeof command === 'function' ? await command() : command;
    const usage = usageOf({
      file: process.execPath,
      args: [OURS, ...args],
      cwd: folder,
      env: { DATABASE_URL: url },
      // 1, 3 and 4 are findings, a difference or something pending: what the command is measured for.
      expected: [0, 1, 3, 4],
    });
    found.set(name, [...(found.get(name) ?? []), usage]);
  }
  await drop();
}

async function tables(count: number, { folder }: Place) {
  await writeModels(folder, count);
  return {
    generate: ['generate', 'all tables'],
    lint: ['lint'],
    'migrate upgrade': ['migrate', 'upgrade'],
    validate: ['validate', '--models', 'models'],
    'migrate check': ['migrate', 'check'],
    'generate, no difference': ['generate', 'nothing'],
    'schema diagram': ['schema', 'diagram'],
    'safe-migrate, nothing pending': ['safe-migrate'],
    'safe-migrate, 1 pending': async () => {
      const text = '-- migrate:up\nCREATE TABLE more (id bigint PRIMARY KEY);\n-- migrate:down\nDROP TABLE more;\n';
      await writeFile(join(folder, 'migrations', '29990101000001_more.sql'), text);
      return ['safe-migrate'];
    },
  };
}

async function migrations(count: number, { folder }: Place) {
  await mkdir(join(folder, 'migrations'));
  for (let n = 1; n <= count; n += 1) {
    const table = `t${n - ((n - 1) % 10)}`;
    const [up, down] =
      n % 10 === 1
        ? [`CREATE TABLE ${table} (id integer PRIMARY KEY, name varchar(40))`, `DROP TABLE ${table}`]
        : [`INSERT INTO ${table} VALUES (${n}, 'row')`, `DELETE FROM ${table} WHERE id = ${n}`];
    const text = `-- migrate:up\n${up};\n-- migrate:down\n${down};\n`;
    await writeFile(join(folder, 'migrations', `${20_240_101_000_000 + n}_step.sql`), text);
  }
  return {
    lint: ['lint'],
    'migrate upgrade': ['migrate', 'upgrade'],
    'migrate history': ['migrate', 'history'],
    'validate (replay)': ['validate'],
    'migrate downgrade': ['migrate', 'downgrade', 'base'],
    'safe-migrate': ['safe-migrate'],
    'safe-migrate, nothing pending': ['safe-migrate'],
  };
}

/** A hundred times as many rows as the number. */
async function rows(count: number, { folder, dialect }: Place) {
  await mkdir(join(folder, 'migrations'));
  const total = count * 100;
  const numbers =
    dialect === 'postgres'
      ? `SELECT n FROM generate_series(1, ${total}) n`
      : `WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ${total}) SELECT n FROM c`;
  const step = (n: number, up: string, down: string) =>
    writeFile(
      join(folder, 'migrations', `${20_240_101_000_000 + n}_step.sql`),
      `-- migrate:up\n${up};\n-- migrate:down\n${down};\n`,
    );
  await step(1, 'CREATE TABLE t (id integer PRIMARY KEY, name varchar(40))', 'DROP TABLE t');
  await step(2, `INSERT INTO t (id, name) SELECT n, 'row ' || n FROM (${numbers}) AS numbers`, 'DELETE FROM t');
  await step(3, "UPDATE t SET name = name || '!' WHERE id > 0", 'SELECT 1');
  return {
    'migrate upgrade': ['migrate', 'upgrade', '20240101000002_step'],
    backup: ['backup'],
    'safe-migrate, all rows change': ['safe-migrate'],
  };
}

/** Each statement is an error or a warning of a rule; one file. */
async function findings(count: number, { folder }: Place) {
  await mkdir(join(folder, 'migrations'));
  const lines = Array.from({ length: count }, (_, n) => `DROP TABLE gone_${n};`);
  const name = join(folder, 'migrations', '20240101000001_many.sql');
  await writeFile(name, `-- migrate:up\n${lines.join('\n')}\n-- migrate:down\nSELECT 1;\n`);
  return { lint: ['lint'], 'lint --json': ['lint', '--json'], 'safety-check': ['safety-check'] };
}

function print(title: string, found: Map<string, Usage[]>): void {
  console.log(`\n${title}: processor time and peak memory`);
  console.log(`  ${''.padEnd(32)}${SIZES.map((size) => size.toLocaleString('en').padStart(20)).join('')}`);
  for (const [name, all] of found) {
    const cells = all.map(({ cpu, mib }) => `${cpu.toFixed(2)} s, ${Math.round(mib)} MiB`.padStart(20));
    console.log(`  ${name.padEnd(32)}${cells.join('')}`);
  }
}
