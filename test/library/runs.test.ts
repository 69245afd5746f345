import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { restoreDatabase } from '../../src/library/backups.ts';
import { takeBaseline } from '../../src/library/baseline.ts';
import { adoptHistory, repairHistory, stampDatabase } from '../../src/library/history.ts';
import { downgradeDatabase, upgradeDatabase } from '../../src/library/migrate.ts';
import { listRuns, showRun } from '../../src/library/runs.ts';
import { type SafeMigrateOptions, safeMigrate } from '../../src/library/safe-migrate.ts';
import { createAllTables, dropAllTables, initDatabase } from '../../src/library/tables.ts';
import { DIALECTS } from '../support/databases.ts';
import { COMPATIBLE, deployment, execute, sql, VERSION_1 } from './going-back-fixtures.ts';

const DROPS = sql(
  '-- db-manager:ignore drop-column the application stopped to read it in May\nALTER TABLE orders DROP COLUMN note;',
  'ALTER TABLE orders ADD COLUMN note text;',
);

/** The reasons of the runs below. */
const ENDINGS = [
  'AheadOfFiles',
  'AwaitingApproval',
  'BackupNotFound',
  'CheckFailed',
  'CheckNotTrue',
  'ChecksumMismatch',
  'DowngradeNotAllowed',
  'IncompatibleMigration',
  'InterruptedMigration',
  'InvalidConfiguration',
  'IrreversibleMigration',
  'Migrated',
  'MigrationFailed',
  'MissingMigration',
  'OutOfOrder',
  'RehearsalFailed',
  'Reverted',
  'RowsLost',
  'SchemaMismatch',
  'StoredSourceInvalid',
  'Succeeded',
  'UnknownTarget',
  'UnsafePlan',
  'UpToDate',
];

for (const dialect of DIALECTS) {
  describe(`the runs that the database keeps on ${dialect}`, function () {
    this.timeout(240_000);

    it('are those of all endings, each with its steps, plan, findings, backup and result', async () => {
      const here = await deployment(dialect, VERSION_1);
      const quick = {
        rehearsal: 'Disabled',
        backup: false,
        validation: { before: 'Disabled', after: 'Disabled' },
      } as const;
      const run = (options: Partial<SafeMigrateOptions> = {}) => safeMigrate({ ...here.options, ...quick, ...options });
      const expected: string[] = [];
      const note = async (work: Promise<{ reason: string; result: string }>) => {
        const { result, reason } = await work;
        expected.unshift(`safe-migrate ${result} ${reason}`);
      };
      await note(safeMigrate(here.options));
      await here.look((database) => execute(database, "INSERT INTO orders (id, customer, note) VALUES (1, 'a', 'n')"));
      await here.deploy({ ...VERSION_1, '0002_drop.sql': DROPS });
      await note(run());
      await run({ dryRun: true });
      const unsafe = { ...VERSION_1, '0002_drop.sql': DROPS, '0003_x.sql': sql('DROP TABLE orders;', 'SELECT 1;') };
      await here.deploy(unsafe);
      await note(run());
      await note(run({ approval: 'Manual' }));
      await note(run({ target: 'no-such' }));
      await note(run({ target: '0001_orders' }));
      await here.deploy({ ...VERSION_1, '0002_drop.sql': DROPS, '0003_x.sql': sql('CREATE TABEL x;', 'SELECT 1;') });
      await note(run({ safety: { mode: 'Disabled' } }));
      await here.deploy({ ...VERSION_1, '0002_drop.sql': DROPS });
      await upgradeDatabase(here.options);
      expected.unshift('migrate upgrade succeeded UpToDate');
      await downgradeDatabase({ ...here.options, target: '0001' });
      expected.unshift('migrate downgrade succeeded Reverted');
      await assert.rejects(downgradeDatabase({ ...here.options, target: 'nothing' }));
      expected.unshift('migrate downgrade failed UnknownTarget');
      await here.deploy({ ...VERSION_1, '0002_drop.sql': sql('DROP TABLE orders;', 'SELECT 1;') });
      const refused = await run();
      expected.unshift(`safe-migrate ${refused.result} ${refused.reason}`);
      await note(run({ approvedPlan: refused.plan?.digest }));
      // The file is edited, and then accepted.
      const drops = sql('DROP TABLE orders; -- edited', 'SELECT 1;');
      const shop = { ...VERSION_1, '0002_drop.sql': drops };
      const fails = async (command: string, reason: string, work: Promise<unknown>) => {
        await assert.rejects(work);
        expected.unshift(`${command} failed ${reason}`);
      };
      const does = async (command: string, work: Promise<unknown>, reason = 'Succeeded') => {
        await work;
        expected.unshift(`${command} succeeded ${reason}`);
      };
      await here.deploy(shop);
      await note(run());
      await does('repair', repairHistory({ ...here.options, acceptChecksums: true }));
      await does('migrate stamp', stampDatabase({ ...here.options, target: '0001' }));
      await does('migrate stamp', stampDatabase({ ...here.options, target: 'head' }));
      await fails('migrate stamp', 'UnknownTarget', stampDatabase({ ...here.options, target: 'no-such' }));
      await here.deploy({ '0002_drop.sql': drops });
      await note(run());
      await here.deploy({ ...shop, '0000_early.sql': sql('SELECT 1;') });
      await note(run());
      const half =
        '-- migrate:up transaction:false\nCREATE TABLE half (id integer);\nINSERT INTO nowhere VALUES (1);\n';
      await here.deploy({ ...shop, '0003_half.sql': half });
      await note(run());
      await note(run());
      await does('repair', repairHistory({ ...here.options, interrupted: 'notApplied' }));
      const tables = sql(
        'CREATE TABLE carts (id integer PRIMARY KEY);\nCREATE TABLE items (id integer PRIMARY KEY, cart integer REFERENCES carts (id) ON DELETE CASCADE);\nINSERT INTO carts VALUES (1);\nINSERT INTO items VALUES (1, 1);',
        'DROP TABLE items;\nDROP TABLE carts;',
      );
      const carts = { ...shop, '0003_carts.sql': tables };
      await here.deploy(carts);
      await does('migrate upgrade', upgradeDatabase(here.options), 'Migrated');
      const next = async (up: string, options: Partial<SafeMigrateOptions> = {}, down?: string) => {
        await here.deploy({ ...carts, '0004_next.sql': sql(up, down) });
        await note(run(options));
      };
      await next('DELETE FROM carts WHERE id = 1;', { backup: true, rehearsal: 'Full' });
      await next('INSERT INTO nowhere VALUES (1);', { rehearsal: 'SchemaOnly' });
      await next('SELECT 1;', { moreChecks: [{ name: 'open', sql: 'SELECT 1 = 2', when: 'Before' }] });
      await next('SELECT 1;', { backup: true, backups: join(here.folder, '0001_orders.sql') });
      await here.look((database) => execute(database, 'CREATE TABLE stray (id integer)'));
      await next('SELECT 1;', { validation: { before: 'Enforce', after: 'Disabled' } });
      await here.look((database) => execute(database, 'DROP TABLE stray'));
      await next('CREATE TABLE plus (id integer);', {}, 'DROP TABLE plus;');
      await here.deploy(carts);
      await note(run());
      await note(run({ unknownApplied: 'Downgrade' }));
      await next('-- db-manager:ignore drop-table nobody reads it\nDROP TABLE items;');
      await note(run({ target: '0003', allowDowngrade: true }));
      await here.deploy(carts);
      await note(run());
      await here.look((database) =>
        execute(database, "UPDATE db_manager_history SET source_digest = 'sha256:0' WHERE revision LIKE '0004%'"),
      );
      await note(run());
      await does('baseline', takeBaseline(here.options));
      await fails('restore', 'BackupNotFound', restoreDatabase({ ...here.options, file: 'no-such' }));
      await fails('adopt', 'InvalidConfiguration', adoptHistory({ ...here.options, from: 'alembic' }));
      const kept = await listRuns(here.options);
      assert.deepEqual(
        kept.map(({ command, result, reason }) => `${command} ${result} ${reason}`),
        expected,
      );
      assert.deepEqual([...new Set(kept.map(({ reason }) => reason))].sort(), ENDINGS);
      assert.ok(kept.length >= 30, `${kept.length} runs`);
      for (const one of kept) {
        assert.equal(one.state, 'ended');
        assert.match(one.startedBy, /@|^pod\//);
        assert.ok(one.finishedAt !== undefined && one.finishedAt >= one.startedAt);
        if (one.command === 'safe-migrate') assert.ok((one.steps ?? []).length > 2);
      }
      const first = kept.at(-1);
      assert.ok(first?.backup?.startsWith('backup_'));
      assert.deepEqual(first?.applied, ['0001_orders']);
      assert.match(first?.plan?.digest ?? '', /^sha256:/);
      const ignored = kept.at(-2)?.ignored;
      assert.deepEqual(ignored?.[0], {
        rule: 'drop-column',
        migration: '0002_drop',
        why: 'the application stopped to read it in May',
        by: 'comment',
      });
      const approved = kept.find(({ reason, approved }) => reason === 'Migrated' && approved !== undefined)?.approved;
      assert.equal(approved?.[0]?.rule, 'drop-table');
      assert.match(approved?.[0]?.by ?? '', /@/);
      const shown = await showRun({ ...here.options, id: first?.runId.slice(0, 8) ?? '' });
      assert.deepEqual(shown, first);
      await assert.rejects(showRun({ ...here.options, id: 'zzz' }), /No run starts with "zzz"/);
    });

    it('are not more than 200, and not more than 20 without anything to do', async () => {
      const here = await deployment(dialect, VERSION_1);
      await upgradeDatabase(here.options);
      const record = { attempt: 1, state: 'ended', command: 'safe-migrate', startedBy: 'a', toolVersion: '1' } as const;
      const startedAt = '2026-01-01T00:00:00.000Z';
      await here.look(async (database) => {
        for (let n = 0; n < 30; n += 1)
          await database.runs.finish({
            ...record,
            runId: `idle ${n}`,
            startedAt,
            result: 'succeeded',
            reason: 'UpToDate',
          });
        for (let n = 0; n < 210; n += 1)
          await database.runs.finish({
            ...record,
            runId: `run ${n}`,
            startedAt,
            result: 'succeeded',
            reason: 'Migrated',
          });
      });
      const kept = await listRuns(here.options);
      assert.equal(kept.length, 200);
      assert.deepEqual([kept[0]?.runId, kept.at(-1)?.runId], ['run 209', 'run 10']);
    });

    it('that were killed are running until another run has the lock, and then lost', async () => {
      const here = await deployment(dialect, VERSION_1);
      await upgradeDatabase(here.options);
      const record = {
        attempt: 1,
        state: 'running',
        command: 'safe-migrate',
        startedBy: 'a',
        toolVersion: '1',
      } as const;
      await here.look((database) =>
        database.runs.start({ ...record, runId: 'killed', startedAt: '2026-01-01T00:00:00.000Z' }),
      );
      assert.equal((await listRuns(here.options))[0]?.state, 'running');
      await here.deploy(COMPATIBLE);
      await upgradeDatabase(here.options);
      const kept = await listRuns(here.options);
      assert.deepEqual(
        kept.map(({ runId, state }) => [runId === 'killed', state]),
        [
          [false, 'ended'],
          [true, 'lost'],
          [false, 'ended'],
        ],
      );
    });

    it('do not exist for a dry run or a refused run on a database without a history', async () => {
      const here = await deployment(dialect, { '0001_x.sql': sql('SELECT 1;', 'SELECT 1;') });
      await here.look(async () => {});
      assert.equal((await safeMigrate({ ...here.options, target: 'nothing' })).reason, 'UnknownTarget');
      assert.equal((await safeMigrate({ ...here.options, dryRun: true, rehearsal: 'Disabled' })).reason, 'DryRun');
      assert.deepEqual(await listRuns(here.options), []);
    });

    it('are in a backup, and a restore brings them back with the history', async () => {
      const here = await deployment(dialect, VERSION_1);
      await upgradeDatabase(here.options);
      const { backupDatabase } = await import('../../src/library/backups.ts');
      await backupDatabase({ ...here.options, name: 'kept' });
      const before = await listRuns(here.options);
      assert.equal(before.length, 1);
      await stampDatabase({ ...here.options, target: 'base' });
      await here.look((database) => execute(database, 'DELETE FROM db_manager_runs'));
      await restoreDatabase({ ...here.options, file: 'kept' });
      const [restored, ...others] = await listRuns(here.options);
      assert.deepEqual(others, before);
      assert.deepEqual(
        [restored?.command, restored?.reason, restored?.backup?.split('.')[0]],
        ['restore', 'Succeeded', 'kept'],
      );
      assert.match(restored?.message ?? '', /replaced by the backup kept\./);
    });

    it('are those of every command that writes: stamp, repair, baseline, restore, also one that failed', async () => {
      const here = await deployment(dialect, COMPATIBLE);
      await here.look(async () => {});
      await stampDatabase({ ...here.options, target: '0001' });
      await here.deploy({ ...COMPATIBLE, '0001_orders.sql': `${VERSION_1['0001_orders.sql']}-- edited\n` });
      await repairHistory(here.options);
      await repairHistory({ ...here.options, acceptChecksums: true });
      await assert.rejects(stampDatabase({ ...here.options, target: 'nothing' }));
      await takeBaseline(here.options);
      await assert.rejects(restoreDatabase({ ...here.options, file: 'no-such' }));
      await assert.rejects(adoptHistory({ ...here.options, from: 'alembic' }));
      const kept = await listRuns(here.options);
      assert.deepEqual(
        kept.map(({ command, state, reason }) => `${command} ${state} ${reason}`),
        [
          'adopt ended InvalidConfiguration',
          'restore ended BackupNotFound',
          'baseline ended Succeeded',
          'migrate stamp ended UnknownTarget',
          'repair ended Succeeded',
          'repair ended UpToDate',
          'migrate stamp ended Succeeded',
        ],
      );
      assert.match(kept[4]?.message ?? '', /the history was changed: 0001_orders \(accepted\)/);
      assert.ok(kept.every(({ startedBy }) => /@|^pod\//.test(startedBy)));
    });

    it('are those that create and drop the tables of the models, with their names, also without anything to do', async () => {
      const here = await deployment(dialect);
      const options = { ...here.options, models: resolve('test/fixtures/models-list') };
      await here.look(async () => {});
      await initDatabase({ ...here.options, tables: 'None' });
      for (const change of [createAllTables, createAllTables, dropAllTables, dropAllTables]) await change(options);
      assert.deepEqual(
        (await listRuns(here.options)).map(({ command, reason, message }) => `${command} ${reason}: ${message}`),
        [
          'drop-tables UpToDate: no table was dropped',
          'drop-tables Succeeded: dropped 2 tables: items, shops',
          'create-tables UpToDate: no table was created',
          'create-tables Succeeded: created 2 tables: items, shops',
        ],
      );
    });

    it('that a backup contains as running are lost after a restore', async () => {
      const here = await deployment(dialect, VERSION_1);
      const { backup } = await safeMigrate(here.options);
      assert.ok(backup !== undefined);
      await safeMigrate({ ...here.options, target: 'base', allowDowngrade: true, safety: { ignore: ['drop-table'] } });
      const [last] = await listRuns(here.options);
      await restoreDatabase({ ...here.options, file: last?.backup ?? '' });
      assert.deepEqual(
        (await listRuns(here.options)).map(({ command, state }) => `${command} ${state}`),
        ['restore ended', 'safe-migrate lost', 'safe-migrate ended'],
      );
    });
  });
}
