/** Another program changes the database between two steps of a run. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunEvent } from '../../src/core/model/report.ts';
import type { StepName } from '../../src/core/model/step.ts';
import { temporaryFolder } from '../support/databases.ts';
import { sharedPostgres } from '../support/postgres.ts';
import { look, requestFor, runOn } from './request.ts';

describe('a run on PostgreSQL during which another session', function () {
  this.timeout(60_000);
  let url = '';
  let drop: () => Promise<void> = async () => {};
  let folder = '';
  beforeEach(async () => {
    ({ url, drop } = await (await sharedPostgres()).createDatabase('between'));
    folder = await temporaryFolder('migrations');
  });
  afterEach(() => drop());

  /** `sql` runs when `at` starts, before the run goes on. */
  const runWith = async (
    files: Record<string, string>,
    at: StepName,
    sql: string,
    onFailure: 'Keep' | 'Downgrade' = 'Keep',
  ) => {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const { bin } = await sharedPostgres();
    const psql = ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', `--command=${sql}`, url];
    let times = 0;
    const between = (event: RunEvent) => {
      if (event.type !== 'started' || event.step !== at) return;
      times += 1;
      execFileSync(join(bin, 'psql'), psql, { stdio: 'pipe' });
    };
    const safety = { rehearsal: 'Disabled', mode: 'Disabled' } as const;
    const request = requestFor(folder, await temporaryFolder('backups'), { safety, onFailure });
    const { report } = await runOn(url, request, undefined, between);
    assert.equal(times, 1, report.message);
    const after = await look(url, async (database) => ({
      history: (await database.history.read()).map(({ revision }) => revision),
      tables: (await database.snapshot()).tables.map(({ name }) => name),
    }));
    return { report, ...after };
  };
  const made = (table: string) =>
    `-- migrate:up\nCREATE TABLE ${table} (id int);\n-- migrate:down\nDROP TABLE ${table};\n`;

  it('ends the session of the lock before anything is applied: nothing is applied, and the run may be retried', async () => {
    const { report, history, tables } = await runWith(
      { '1_a.sql': made('a') },
      'apply',
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name LIKE 'db-manager lock%' AND datname = current_database()",
    );
    assert.equal(report.reason, 'LockHeld', report.message);
    assert.match(report.message, /The migration lock was lost before anything was applied/);
    assert.deepEqual([report.touched, history, tables], [false, [], []]);
  });

  it('deletes the history row of an applied migration: the run fails and names it', async () => {
    const { report, tables } = await runWith(
      { '1_a.sql': made('a'), '2_b.sql': made('b') },
      'verify',
      "DELETE FROM db_manager_history WHERE revision = '1_a'",
    );
    assert.equal(report.reason, 'SchemaMismatch', report.message);
    assert.match(report.message, /history does not match the migrations that were run: 1_a\./);
    assert.deepEqual([report.touched, tables], [true, ['a', 'b']]);
  });

  it('drops what the downgrade after a failure would drop: the report has both errors, and says what is left', async () => {
    const bad = '-- migrate:up\nINSERT INTO nowhere VALUES (1);\n-- migrate:down\nSELECT 1;\n';
    const files = { '1_a.sql': made('a'), '2_b.sql': made('b'), '3_bad.sql': bad };
    const { report, history, tables } = await runWith(files, 'recover', 'DROP TABLE a', 'Downgrade');
    assert.equal(report.result, 'failed');
    assert.match(report.message, /nowhere/);
    const recover = report.steps.find(({ step }) => step === 'recover');
    assert.equal(recover?.kind, 'failed');
    assert.match(recover?.message ?? '', /table "a" does not exist\. 1 migration of this run had been reverted before/);
    assert.deepEqual([history, tables], [['1_a'], []]);
    assert.equal(report.currentRevision, '1_a');
    assert.deepEqual(
      report.applied?.map(({ revision }) => revision),
      ['1_a'],
    );
    assert.equal(report.retry, 'never');
  });
});
