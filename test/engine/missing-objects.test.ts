/** The dump lacks a table that the database has: what a run on a copy of it proves about that table is nothing. */
import assert from 'node:assert/strict';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { displayCommand } from '../../src/core/model/display-command.ts';
import type { RunReport } from '../../src/core/model/report.ts';
import { safeMigrate } from '../../src/library/safe-migrate.ts';
import { temporaryFolder } from '../support/databases.ts';
import { sharedPostgres } from '../support/postgres.ts';
import { makeTool, wrapped } from './wrapped-fixtures.ts';

describe('a copy without an object that the backup lists', function () {
  this.timeout(120_000);
  const { PG_BIN } = process.env;
  let url = '';
  let drop: () => Promise<void> = async () => {};
  let count: (table: string) => Promise<number>;

  before(async () => {
    const { bin } = await sharedPostgres();
    const folder = await temporaryFolder('incomplete');
    for (const program of ['pg_restore', 'psql', 'postgres', 'initdb']) {
      await symlink(join(bin, program), join(folder, program));
    }
    const program = join(folder, 'pg_dump');
    await writeFile(program, `#!/bin/sh\nexec '${join(bin, 'pg_dump')}' "$@" --exclude-table=public.lost\n`);
    await chmod(program, 0o755);
    process.env.PG_BIN = folder;
  });
  after(() => {
    if (PG_BIN === undefined) delete process.env.PG_BIN;
    else process.env.PG_BIN = PG_BIN;
  });
  beforeEach(async () => {
    const postgres = await sharedPostgres();
    const made = await postgres.createDatabase('missing');
    ({ drop } = made);
    url = postgres.url(made.name);
    const sql = (text: string) => postgres.query<{ n: number }>(text, [], made.name);
    await sql('CREATE TABLE lost (id int); INSERT INTO lost VALUES (1), (2); CREATE TABLE kept (id int)');
    count = async (table) => (await sql(`SELECT count(*)::int AS n FROM ${table}`))[0]?.n ?? -1;
  });
  afterEach(() => drop());

  const says = (report: RunReport, named: string) => {
    assert.equal(report.reason, 'RehearsalImpossible', report.message);
    assert.ok(
      report.message.includes(`The copy does not have table public.lost, which ${named} names`),
      report.message,
    );
    assert.equal(report.touched, false);
  };
  const migrate = async (sql: string) => {
    const cwd = await temporaryFolder('missing');
    await mkdir(join(cwd, 'migrations'));
    await writeFile(join(cwd, 'migrations', '0001_change.sql'), `-- migrate:up\n${sql};\n`);
    return safeMigrate({ cwd, databaseUrl: url, config: false, backups: join(cwd, 'backups') });
  };

  for (const [it_, sql] of Object.entries({
    'succeeds on the copy': 'CREATE TABLE IF NOT EXISTS lost (id int)',
    'fails there': 'ALTER TABLE kept ADD other int; INSERT INTO public.lost VALUES (3)',
  })) {
    it(`ends a run whose migration names it and ${it_}`, async () => {
      says(await migrate(sql), '0001_change');
      assert.equal(await count('lost'), 2);
    });

    it(`ends a run of another tool that names it and ${it_}`, async () => {
      const tool = await makeTool();
      const command = await tool.sends(...sql.split('; '));
      const report = await wrapped(url, tool, command, { rehearsalServer: 'Auto' });
      says(report, displayCommand(command));
      assert.equal(await count('lost'), 2);
    });
  }

  it('does not end a run that names others, and is in its message', async () => {
    const report = await migrate('INSERT INTO kept (id) VALUES (1)');
    assert.equal(report.result, 'succeeded', report.message);
    assert.match(report.steps.find(({ step }) => step === 'rehearse')?.message ?? '', /table public\.lost is missing/);
    assert.equal(await count('kept'), 1);
  });
});
