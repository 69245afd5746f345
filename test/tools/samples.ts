/** The samples of deploy/samples/commands, with the commands that the guide gives for them. */
import { readFileSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { temporaryFolder } from '../support/lifetime.ts';
import { compileCache, runCommand } from '../support/processes.ts';
import { MAIN } from '../support/program.ts';
import { type ToolSet, toolsIn } from '../support/programs/tools.ts';

const ROOT = join(import.meta.dirname, '../..');

export interface Sample {
  /** The folder below deploy/samples/commands. */
  name: string;
  set: ToolSet;
  /** The tool's history after the three migrations. */
  head: string;
  /** The sample works with SQLite too. */
  sqlite?: true;
  /** The tool deletes dependent rows itself: the database refuses instead of losing them. */
  refusesCascade?: true;
  /** Adds a fourth migration with this statement. */
  add(folder: string, sql: string): Promise<unknown>;
}

export const SAMPLES: readonly Sample[] = [
  {
    name: 'alembic',
    set: 'python',
    head: '0003',
    sqlite: true,
    add: (folder, sql) =>
      writeFile(
        join(folder, 'migrations/versions/0004_more.py'),
        `from alembic import op\nrevision = "0004"\ndown_revision = "0003"\n\n\ndef upgrade():\n    op.execute("${sql}")\n`,
      ),
  },
  {
    name: 'django',
    set: 'python',
    head: 'shop.0003_total',
    refusesCascade: true,
    sqlite: true,
    add: (folder, sql) =>
      writeFile(
        join(folder, 'shop/migrations/0004_more.py'),
        `from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    dependencies = [("shop", "0003_total")]\n    operations = [migrations.RunSQL("${sql}")]\n`,
      ),
  },
  {
    name: 'knex',
    set: 'node',
    head: '0003_total.cjs',
    sqlite: true,
    add: (folder, sql) =>
      writeFile(
        join(folder, 'migrations/0004_more.cjs'),
        `exports.up = (knex) => knex.raw("${sql}");\nexports.down = async () => {};\n`,
      ),
  },
  {
    name: 'typeorm',
    set: 'node',
    head: 'Total1700000000003',
    sqlite: true,
    add: (folder, sql) =>
      writeFile(
        join(folder, 'migrations/1700000000004-more.cjs'),
        `module.exports = class More1700000000004 {\n  async up(runner) {\n    await runner.query("${sql}");\n  }\n  async down() {}\n};\n`,
      ),
  },
  {
    name: 'drizzle',
    set: 'node',
    head: '1700000000003',
    sqlite: true,
    async add(folder, sql) {
      const file = join(folder, 'migrations/meta/_journal.json');
      const journal = JSON.parse(await readFile(file, 'utf8'));
      journal.entries.push({ idx: 3, version: '7', when: 1_700_000_000_004, tag: '0003_more', breakpoints: true });
      await writeFile(file, JSON.stringify(journal));
      await writeFile(join(folder, 'migrations/0003_more.sql'), `${sql};\n`);
    },
  },
  {
    name: 'node-pg-migrate',
    set: 'node',
    head: '0003_total',
    add: (folder, sql) => writeFile(join(folder, 'migrations/0004_more.sql'), `-- Up Migration\n${sql};\n`),
  },
  {
    name: 'goose',
    set: 'go',
    head: '3',
    sqlite: true,
    add: (folder, sql) => writeFile(join(folder, 'migrations/00004_more.sql'), `-- +goose Up\n${sql};\n`),
  },
  {
    name: 'golang-migrate',
    set: 'go',
    head: '3',
    sqlite: true,
    add: (folder, sql) => writeFile(join(folder, 'migrations/4_more.up.sql'), `${sql};\n`),
  },
  {
    name: 'flyway',
    set: 'flyway',
    head: '3',
    sqlite: true,
    add: (folder, sql) => writeFile(join(folder, 'migrations/V4__more.sql'), `${sql};\n`),
  },
  {
    name: 'liquibase',
    set: 'liquibase',
    head: 'changelog.sql::3::sample',
    async add(folder, sql) {
      const file = join(folder, 'changelog.sql');
      await writeFile(file, `${await readFile(file, 'utf8')}\n--changeset sample:4\n${sql};\n`);
    },
  },
  {
    name: 'sqitch',
    set: 'debian',
    head: 'total',
    async add(folder, sql) {
      const file = join(folder, 'sqitch.plan');
      const line = 'more [total] 2026-01-04T00:00:00Z Sample <sample@example.com> # more\n';
      await writeFile(file, (await readFile(file, 'utf8')) + line);
      await writeFile(join(folder, 'deploy/more.sql'), `${sql};\n`);
    },
  },
  {
    name: 'rails',
    set: 'debian',
    head: '20260101000003',
    sqlite: true,
    add: (folder, sql) =>
      writeFile(
        join(folder, 'db/migrate/20260101000004_more.rb'),
        `class More < ActiveRecord::Migration[6.1]\n  def up\n    execute "${sql}"\n  end\nend\n`,
      ),
  },
];

/** The lines of the guide that run a sample, without the line that enters its folder. */
export function guideCommands(name: string, dialect: 'postgres' | 'sqlite' = 'postgres'): string {
  const guide = readFileSync(join(ROOT, 'docs/guides/any-tool.md'), 'utf8');
  const blocks = [...guide.matchAll(/```bash\ncd deploy\/samples\/commands\/(\S+)\n([\s\S]*?)```/g)];
  // The section about SQLite is below the others, and has the commands that differ.
  const own = blocks.filter(([, folder]) => folder === name);
  const [, , text] = (dialect === 'sqlite' ? own.at(-1) : own[0]) ?? [];
  if (text === undefined) throw new Error(`the guide has no command for ${name}`);
  return text;
}

export interface Prepared {
  folder: string;
  /** Runs the commands of the guide with the real command line; its standard output is the report. */
  run(): Promise<{ code: number; stdout: string; stderr: string }>;
}

/** A copy of the sample, with the programs of its set and db-manager on PATH. */
export async function prepare({ name, set }: Pick<Sample, 'name' | 'set'>, url: string): Promise<Prepared> {
  const dialect = url.startsWith('sqlite') ? 'sqlite' : 'postgres';
  const folder = join(await temporaryFolder('sample'), name);
  await cp(join(ROOT, 'deploy/samples/commands', name), folder, { recursive: true });
  const bin = toolsIn(set) ?? '';
  // Modules of the sample find the packages of the set.
  if (set === 'node') await symlink(dirname(bin), join(folder, 'node_modules'));
  const programs = join(folder, '..', 'bin');
  await mkdir(programs);
  const shim = join(programs, 'db-manager');
  await writeFile(shim, `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' --json "$@"\n`);
  await chmod(shim, 0o755);
  await writeFile(join(folder, 'db-manager.config.json'), JSON.stringify({ timeouts: { run: '5m', lock: '5s' } }));
  const env = {
    ...compileCache(),
    HOME: process.env.HOME,
    LANG: 'C.UTF-8',
    XDG_CACHE_HOME: process.env.XDG_CACHE_HOME,
    DATABASE_URL: url,
    PATH: [programs, bin, dirname(process.execPath), process.env.PATH].join(delimiter),
  };
  return {
    folder,
    run: () => runCommand('/bin/sh', ['-ec', guideCommands(name, dialect)], { cwd: folder, env, timeoutMs: 300_000 }),
  };
}
