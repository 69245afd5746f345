import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { RunEvent } from '../../src/core/model/report.ts';
import { withPostgres } from '../backups/fixtures.ts';
import { DIALECTS, temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { look, requestFor, runOn, targetOf } from './request.ts';

async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await temporaryFolder('migrations');
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

const ITEMS = '-- migrate:up\nCREATE TABLE items (id INTEGER PRIMARY KEY);\n';
const WITH_DOWN = `${ITEMS}-- migrate:down\nDROP TABLE items;\n`;
const BAD = '-- migrate:up\nINSERT INTO nowhere VALUES (1);\n-- migrate:down\nSELECT 1;\n';
const QUICK = { safety: { rehearsal: 'Disabled' }, validation: { before: 'Disabled', after: 'Disabled' } } as const;

/** What a run leaves whose second migration fails. */
function endingOf(onFailure: 'Keep' | 'Downgrade' | 'Restore', hasDown: boolean) {
  const nothing = { at: 'base', history: [], tables: [] };
  const failed = { reason: 'MigrationFailed', touched: true, message: /nowhere/ };
  if (onFailure === 'Keep') {
    const kept = { at: '1_items', history: ['1_items applied'], tables: ['items'] };
    return { what: 'it is kept', ...failed, recover: 'skipped', ...kept };
  }
  if (onFailure === 'Restore') return { what: 'the backup is restored', ...failed, recover: 'done', ...nothing };
  if (hasDown) return { what: 'it is reverted', ...failed, recover: 'done', ...nothing };
  const message = /1_items has no down/;
  const refused = { reason: 'IrreversibleMigration', touched: false, message, recover: undefined };
  return { what: 'nothing was started', ...refused, ...nothing };
}

for (const dialect of DIALECTS) {
  describe(`onFailure on ${dialect}`, function () {
    this.timeout(120_000);

    for (const onFailure of ['Keep', 'Downgrade', 'Restore'] as const) {
      for (const [file, items] of [
        ['with a down', WITH_DOWN],
        ['without a down', ITEMS],
      ] as const) {
        for (const [mode, header] of [
          ['in a transaction', 'migrate:up'],
          ['outside a transaction', 'migrate:up transaction:false'],
        ] as const) {
          const ending = endingOf(onFailure, items === WITH_DOWN);
          it(`${onFailure}, after a migration ${file} ${mode}: ${ending.what}`, async () => {
            const { url } = await temporaryDatabase(dialect);
            const folder = await folderOf({ '1_items.sql': items.replace('migrate:up', header), '2_bad.sql': BAD });
            const request = requestFor(folder, await temporaryFolder('backups'), { onFailure, ...QUICK });
            const { report } = await runOn(url, request);
            const { history, tables } = await look(url, async (database) => ({
              history: await database.history.read(),
              tables: (await database.snapshot()).tables,
            }));
            const found = {
              reason: report.reason,
              touched: report.touched,
              recover: report.steps.find(({ step }) => step === 'recover')?.kind,
              at: report.currentRevision,
              history: history.map(({ revision, state }) => `${revision} ${state}`),
              tables: tables.map(({ name }) => name),
            };
            const { what: _, message, ...expected } = ending;
            assert.deepEqual(found, expected, report.message);
            assert.match(report.message, message);
          });
        }
      }
    }

    it('a migration without down is not reverted, and its history row stays', async () => {
      const { url } = await temporaryDatabase(dialect);
      const folder = await folderOf({ '1_items.sql': ITEMS });
      await runOn(url, requestFor(folder, await temporaryFolder('backups'), QUICK));
      const { loadMigrations } = await import('../../src/migrations/load.ts');
      const { readMigrations } = await import('../../src/migrations/read.ts');
      const read = await readMigrations(folder);
      assert.ok(read.ok);
      const migrations = await loadMigrations(folder, read.files, dialect);
      await look(url, async (database) => {
        const timeouts = { connect: 3_000, lock: 2_000, statement: 0, run: 0 };
        const work = { direction: 'down', migrations, runId: 'x', toolVersion: 'x', timeouts } as const;
        const outcome = await database.migrate(work).catch((error) => ({ kind: 'thrown' as const, error }));
        assert.notEqual(outcome.kind, 'done');
        assert.equal((await database.history.read()).length, 1);
        assert.equal((await database.snapshot()).tables.length, 1);
      });
    });

    it('a sentence about the recovery begins after a stop, and keeps the case of names', async () => {
      const { url } = await temporaryDatabase(dialect);
      const folder = await folderOf({ '1_items.sql': WITH_DOWN, '2_bad.sql': BAD });
      const request = requestFor(folder, await temporaryFolder('backups'), { onFailure: 'Restore', ...QUICK });
      const { report } = await runOn(url, request);
      assert.equal(report.reason, 'MigrationFailed', report.message);
      assert.match(report.message, /[.!?] backup_\d+_\d+\.\w+ restored \(onFailure: Restore\)/);
    });

    // The texts are joined in one place for all databases.
    for (const [text, sentence] of [
      ['boom', /boom\. backup_/],
      ['is it there?', /is it there\? backup_/],
      ['3 rows differ (see t_Old)', /3 rows differ \(see t_Old\)\. backup_/],
    ] as const) {
      if (dialect === 'postgres') continue;
      it(`a sentence about the recovery begins after a stop where code throws "${text}"`, async () => {
        const { url } = await temporaryDatabase(dialect);
        const code = `module.exports = { async up() { throw new Error(${JSON.stringify(text)}); }, async down() {} };`;
        const folder = await folderOf({ '1_items.sql': WITH_DOWN, '2_bad.cjs': code });
        const request = requestFor(folder, await temporaryFolder('backups'), { onFailure: 'Restore', ...QUICK });
        const { report } = await runOn(url, request);
        assert.equal(report.reason, 'MigrationFailed', report.message);
        assert.match(report.message, sentence);
      });
    }
  });
}

describe('onFailure: Restore with an application connected', function () {
  this.timeout(120_000);

  it('is refused before anything is changed, and ends the sessions where terminateSessions allows it', async () => {
    const { url } = await temporaryDatabase('postgres');
    const folder = await folderOf({ '1_items.sql': WITH_DOWN, '2_bad.sql': BAD });
    const request = (terminateSessions: boolean, backups: string) =>
      requestFor(folder, backups, { onFailure: 'Restore', terminateSessions, ...QUICK });
    const backups = await temporaryFolder('backups');
    await withPostgres(
      targetOf(url),
      async (client) => {
        await client.query(
          'CREATE TABLE kept (id int); INSERT INTO kept VALUES (1); CREATE PUBLICATION p FOR TABLE kept',
        );
        const refused = await runOn(url, request(false, backups));
        assert.equal(refused.report.reason, 'CheckFailed', refused.report.message);
        assert.match(refused.report.message, /shop.*would block the restore.*terminateSessions/);
        assert.equal(refused.report.touched, false);
        const { report } = await runOn(url, request(true, backups));
        assert.equal(report.reason, 'MigrationFailed', report.message);
        assert.equal(report.steps.find(({ step }) => step === 'recover')?.kind, 'done', report.message);
      },
      { application_name: 'shop' },
    );
    await look(url, async (database) => {
      assert.deepEqual([...(await database.rowCounts())], [['public.kept', 1]]);
      assert.equal((await database.keptDatabases()).length, 1);
    });
  });

  for (const [files, reason] of [
    [{ '1_items.sql': WITH_DOWN, '2_bad.sql': BAD }, 'a plan that would fail'],
    [{ '1_items.sql': WITH_DOWN }, 'a plan that would succeed'],
  ] as const) {
    it(`is refused before the first write where it connects after the check, with ${reason} (F12)`, async () => {
      const { url } = await temporaryDatabase('postgres');
      const request = requestFor(await folderOf(files), await temporaryFolder('backups'), {
        onFailure: 'Restore',
        ...QUICK,
      });
      const shop = new pg.Client({ connectionString: url, application_name: 'shop' });
      let connected: Promise<unknown> | undefined;
      const connect = (event: RunEvent) => {
        if (event.type === 'started' && event.step === 'backup') connected = shop.connect();
      };
      const { report } = await runOn(url, request, undefined, connect);
      await connected;
      await shop.end();
      assert.deepEqual([report.reason, report.touched], ['CheckFailed', false], report.message);
      assert.match(report.message, /shop.*would block the restore.*after the first check/);
      assert.deepEqual((await look(url, (database) => database.snapshot())).tables, []);
      const { report: again } = await runOn(url, request);
      assert.equal(again.reason, reason.endsWith('fail') ? 'MigrationFailed' : 'Migrated');
    });
  }
});
