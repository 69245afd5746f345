import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SEED_REVISION, seed } from '../../migrations/seed.ts';
import { EXAMPLE, look, query, requestFor, runOn } from '../engine/request.ts';
import { runProcess } from '../faults/runner-process.ts';
import { DIALECTS, temporaryDatabase, temporaryFolder } from '../support/databases.ts';

/** A folder of migrations, written for one test. */
async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await temporaryFolder('migrations');
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

const GOOD = {
  '1_items.sql':
    '-- migrate:up\nCREATE TABLE items (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL);\n-- migrate:down\nDROP TABLE items;\n',
  '2_more.sql': "-- migrate:up\nINSERT INTO items VALUES (1, 'a'), (2, 'b');\n-- migrate:down\nDELETE FROM items;\n",
};

for (const dialect of DIALECTS) {
  describe(`a run on ${dialect}`, function () {
    this.timeout(120_000);

    it('brings the seeded example to its head: backed up, rehearsed on the restored backup, applied, verified', async () => {
      const { url } = await temporaryDatabase(dialect);
      const backups = await temporaryFolder('backups');
      const plain = {
        backup: { enabled: false },
        safety: { rehearsal: 'Disabled' },
        validation: { before: 'Disabled', after: 'Disabled' },
      } as const;
      const first = await runOn(url, requestFor(EXAMPLE, backups, { target: SEED_REVISION, ...plain }));
      assert.equal(first.report.reason, 'Migrated', first.report.message);
      await seed(url.replace('postgresql://', 'postgres://'), { orders: 2_000 });
      const before = await look(url, (database) => database.rowCounts());

      const { report, events } = await runOn(
        url,
        requestFor(EXAMPLE, backups, { models: { path: 'migrations/models' } }),
      );
      assert.equal(report.result, 'succeeded', JSON.stringify(report.failure));
      assert.equal(report.rehearsal?.result, 'Full');
      assert.equal(report.rehearsal?.roundTrip, 'passed');
      assert.equal(report.backup?.verifiedBy, 'Rehearsal');
      assert.equal(report.applied.length, 7);
      assert.deepEqual(report.schema?.after, []);
      assert.deepEqual(
        events.flatMap((event) => (event.type === 'step' ? [event.report.step] : [])),
        report.steps.map(({ step }) => step),
      );
      const after = await look(url, (database) => database.rowCounts());
      for (const [table, rows] of before) assert.equal(after.get(table), rows, `rows of ${table}`);

      const again = await runOn(url, requestFor(EXAMPLE, backups, { models: { path: 'migrations/models' } }));
      assert.equal(again.report.reason, 'UpToDate');
      assert.equal(again.report.touched, false);
      assert.equal((await readdir(backups)).filter((name) => name.endsWith('.json')).length, 1);
    });

    it('starts from nothing: the database is made, the example applied, and reverted to base with nothing left', async () => {
      const { url } = await temporaryDatabase(dialect);
      const backups = await temporaryFolder('backups');
      const up = await runOn(url, requestFor(EXAMPLE, backups));
      assert.equal(up.report.reason, 'Migrated', up.report.message);
      const refused = await runOn(url, requestFor(EXAMPLE, backups, { target: 'base' }));
      assert.equal(refused.report.reason, 'DowngradeNotAllowed');
      const down = await runOn(url, requestFor(EXAMPLE, backups, { target: 'base', allowDowngrade: true }));
      assert.equal(down.report.reason, 'Reverted', down.report.message);
      assert.equal(down.report.currentRevision, 'base');
      assert.deepEqual((await look(url, (database) => database.snapshot())).tables, []);
    });

    it('writes nothing to the target in a dry run', async () => {
      const { url } = await temporaryDatabase(dialect);
      const backups = await temporaryFolder('backups');
      await runOn(url, requestFor(await folderOf({ '1_items.sql': GOOD['1_items.sql'] }), backups));
      const folder = await folderOf(GOOD);
      const { report } = await runOn(url, requestFor(folder, backups, { dryRun: true }));
      assert.equal(report.reason, 'DryRun', report.message);
      assert.equal(report.touched, false);
      assert.equal(report.rehearsal?.result, 'Full');
      assert.equal(await look(url, async (database) => (await database.history.read()).length), 1);
    });

    const failures: { it: string; file: Record<string, string>; statement: RegExp; line?: number }[] = [
      {
        it: 'an SQL syntax error',
        file: {
          '3_bad.sql': "-- migrate:up\nINSERT INTO items VALUES (3, 'c');\nUPDATE items\n  SETT name = 1;\n",
        },
        statement: /SETT name/,
        line: 4,
      },
      {
        it: 'a code migration that throws',
        file: {
          '3_bad.ts':
            "export async function up({ context }: { context: { sequelize: { query(sql: string): Promise<unknown> } } }) {\n  await context.sequelize.query(\"INSERT INTO items VALUES (3, 'c')\");\n  throw new Error('the author made a mistake');\n}\n",
        },
        // The statement before it is not at fault; the line of code is.
        statement: /^$/,
        line: 3,
      },
    ];
    for (const failure of failures) {
      it(`ends ${failure.it} in MigrationFailed with the statement, and half of nothing applied`, async () => {
        const { url } = await temporaryDatabase(dialect);
        const backups = await temporaryFolder('backups');
        const folder = await folderOf({ ...GOOD, ...failure.file });
        const rehearsed = await runOn(url, requestFor(folder, backups));
        assert.equal(rehearsed.report.reason, 'RehearsalFailed', rehearsed.report.message);
        assert.equal(rehearsed.report.result, 'blocked');
        assert.equal(
          await look(url, async (database) => (await database.history.read()).length),
          0,
          'production is untouched',
        );

        const { report } = await runOn(url, requestFor(folder, backups, { safety: { rehearsal: 'Disabled' } }));
        assert.equal(report.reason, 'MigrationFailed');
        assert.equal(report.failure?.migration, '3_bad');
        assert.match(report.failure?.statement ?? '', failure.statement);
        assert.equal(report.failure?.position?.line, failure.line);
        assert.equal(report.currentRevision, '2_more');
        const { rows, history } = await look(url, async (database) => ({
          rows: await query<{ n: number }>(database, 'SELECT count(*) AS n FROM items'),
          history: await database.history.read(),
        }));
        assert.equal(Number(rows[0]?.n), 2);
        assert.deepEqual(
          history.map(({ revision }) => revision),
          ['1_items', '2_more'],
        );
      });
    }

    it('reverts what it did when onFailure is Downgrade, and restores when it is Restore', async () => {
      const bad = '-- migrate:up\nINSERT INTO nowhere VALUES (1);\n-- migrate:down\nSELECT 1;\n';
      const folder = await folderOf({ ...GOOD, '3_bad.sql': bad });
      for (const onFailure of ['Downgrade', 'Restore'] as const) {
        const { url } = await temporaryDatabase(dialect);
        const backups = await temporaryFolder('backups');
        const { report } = await runOn(
          url,
          requestFor(folder, backups, { onFailure, safety: { rehearsal: 'Disabled' } }),
        );
        assert.equal(report.reason, 'MigrationFailed', report.message);
        assert.equal(
          report.steps.find(({ step }) => step === 'recover')?.kind,
          'done',
          JSON.stringify(report.steps.at(-1)),
        );
        assert.equal(report.currentRevision, 'base');
        const { tables } = await look(url, (database) => database.snapshot());
        assert.deepEqual(tables, [], onFailure);
      }
    });

    it('refuses an edited, a missing and an out-of-order file, each with its own reason', async () => {
      const { url } = await temporaryDatabase(dialect);
      const backups = await temporaryFolder('backups');
      await runOn(url, requestFor(await folderOf(GOOD), backups));
      const cases = [
        { files: { ...GOOD, '2_more.sql': `${GOOD['2_more.sql']}-- edited\n` }, reason: 'ChecksumMismatch' },
        { files: { '1_items.sql': GOOD['1_items.sql'] }, reason: 'MissingMigration' },
        { files: { ...GOOD, '0_late.sql': 'SELECT 1;' }, reason: 'OutOfOrder' },
      ];
      for (const { files, reason } of cases) {
        const request = requestFor(await folderOf(files), backups, { unknownApplied: 'Refuse' });
        const { report } = await runOn(url, request);
        assert.equal(report.reason, reason);
        assert.equal(report.result, 'blocked');
      }
    });

    it('waits for an approval of exactly the plan that it found', async () => {
      const { url } = await temporaryDatabase(dialect);
      const backups = await temporaryFolder('backups');
      const folder = await folderOf(GOOD);
      const waiting = await runOn(url, requestFor(folder, backups, { approval: 'Manual' }));
      assert.equal(waiting.report.reason, 'AwaitingApproval');
      const approvedPlan = waiting.report.plan?.digest ?? '';
      const other = await folderOf({ ...GOOD, '3_new.sql': 'SELECT 1;' });
      assert.equal(
        (await runOn(url, requestFor(other, backups, { approval: 'Manual', approvedPlan }))).report.reason,
        'PlanChanged',
      );
      assert.equal(
        (await runOn(url, requestFor(folder, backups, { approval: 'Manual', approvedPlan }))).report.reason,
        'Migrated',
      );
    });

    it('reports which migrations folder does not exist', async () => {
      const { url } = await temporaryDatabase(dialect);
      const { report } = await runOn(url, requestFor('/nowhere/at/all', await temporaryFolder('backups')));
      assert.equal(report.reason, 'MigrationsNotFound');
      assert.match(report.message, /\/nowhere\/at\/all/);
    });
  });
}

describe('a run whose database cannot be had', () => {
  it('reports an unreachable server, and may be retried', async () => {
    const { report } = await runOn(
      'postgres://app:Secret-x@127.0.0.1:1/trading',
      requestFor(EXAMPLE, await temporaryFolder('backups'), { timeouts: { connect: 500 } }),
    );
    assert.equal(report.reason, 'DatabaseUnreachable');
    assert.equal(report.retry, 'safe');
    assert.match(report.message, /127\.0\.0\.1:1/);
    assert.doesNotMatch(JSON.stringify(report), /Secret-x/);
  });

  it('reports a wrong password immediately, without the password', async () => {
    const { url } = await temporaryDatabase('postgres');
    const wrong = url.replace(/:[^:@/]+@/, ':wrong-password-1@');
    const began = performance.now();
    const { report } = await runOn(wrong, requestFor(EXAMPLE, await temporaryFolder('backups')));
    assert.equal(report.reason, 'AuthenticationFailed');
    assert.ok(performance.now() - began < 2_500, 'a wrong password is not tried again');
    assert.doesNotMatch(JSON.stringify(report), /wrong-password-1/);
  });

  it('reports that a file is not a SQLite database', async () => {
    const folder = await temporaryFolder('not-a-database');
    await writeFile(join(folder, 'x.db'), 'this is a text that is not a database at all');
    const { report } = await runOn(`sqlite:///${join(folder, 'x.db')}`, requestFor(EXAMPLE, folder));
    assert.equal(report.reason, 'InvalidConfiguration');
    assert.match(report.message, /not a SQLite database/);
  });
});

describe('a runner that cannot begin', () => {
  it('still reports: a request that cannot be read, a URL that is missing', async () => {
    const request = requestFor(EXAMPLE, await temporaryFolder('backups'));
    const unreadable = await runProcess('sqlite:///x.db', { ...request, version: 2 } as never);
    assert.equal(unreadable.report?.reason, 'InvalidConfiguration');
    assert.equal(unreadable.code, 2);
    const missing = await runProcess('', request);
    assert.equal(missing.report?.reason, 'InvalidConfiguration');
    assert.match(missing.report?.message ?? '', /DATABASE_URL/);
  });
});
