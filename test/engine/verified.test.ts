import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunReport } from '../../src/core/model/report.ts';
import { look, query, requestFor, runOn } from '../engine/request.ts';
import { DIALECTS, type TestDialect, temporaryDatabase, temporaryFolder } from '../support/databases.ts';

const ITEMS =
  '-- migrate:up\nCREATE TABLE items (id INTEGER PRIMARY KEY, name VARCHAR(20));\n-- migrate:down\nDROP TABLE items;\n';
const PRICE =
  '-- migrate:up\nALTER TABLE items ADD COLUMN price INTEGER;\n-- migrate:down\nALTER TABLE items DROP COLUMN price;\n';

const NO_REPLAY = /neither has changed since run \S+ compared them/;

/** A folder, a database and runs on it; the schema is compared before and after each run, and a difference ends it. */
async function project(dialect: TestDialect, files: Record<string, string>) {
  const { url } = await temporaryDatabase(dialect);
  const [folder, backups] = [await temporaryFolder('migrations'), await temporaryFolder('backups')];
  const write = async (more: Record<string, string>) => {
    for (const [name, text] of Object.entries(more)) await writeFile(join(folder, name), text);
  };
  await write(files);
  const strict = {
    validation: { before: 'Enforce', after: 'Enforce' },
    safety: { rehearsalServer: 'SameServer' },
  } as const;
  return {
    url,
    write,
    run: async (more: Parameters<typeof requestFor>[2] = {}) =>
      (await runOn(url, requestFor(folder, backups, { ...strict, ...more }))).report,
    execute: (sql: string) => look(url, (database) => query(database, sql)),
  };
}

function said(report: RunReport, step: string): string {
  return report.steps.find((one) => one.step === step)?.message ?? '';
}

for (const dialect of DIALECTS) {
  describe(`a schema that an earlier run compared, on ${dialect}`, function () {
    this.timeout(120_000);

    it('is not replayed again while neither it nor the files change', async () => {
      const { run, write } = await project(dialect, { '1_items.sql': ITEMS });
      const first = await run();
      assert.equal(first.reason, 'Migrated', first.message);
      assert.doesNotMatch(said(first, 'validateBefore'), NO_REPLAY);
      assert.match(said(first, 'verify'), /the schema matches the rehearsal/);

      const idle = await run();
      assert.equal(idle.reason, 'UpToDate', idle.message);
      assert.match(said(idle, 'verify'), NO_REPLAY);

      await write({ '2_price.sql': PRICE });
      const second = await run();
      assert.equal(second.reason, 'Migrated', second.message);
      assert.match(said(second, 'validateBefore'), NO_REPLAY);
      assert.match(said(await run(), 'verify'), NO_REPLAY);
    });

    for (const change of [
      'ALTER TABLE items ADD COLUMN extra INTEGER',
      'CREATE INDEX items_name ON items (name)',
      'CREATE VIEW named AS SELECT name FROM items',
    ]) {
      it(`is compared with a replay after ${change.split(' ').slice(0, 2).join(' ')} outside of the migrations`, async () => {
        const { run, write, execute } = await project(dialect, { '1_items.sql': ITEMS });
        await run();
        await execute(change);
        const idle = await run();
        assert.equal(idle.reason, 'SchemaMismatch', idle.message);
        await write({ '2_price.sql': PRICE });
        const refused = await run();
        assert.equal(refused.reason, 'SchemaMismatch', refused.message);
        assert.equal(refused.touched, false);
        // A schema with differences is not kept as compared.
        assert.equal((await run()).reason, 'SchemaMismatch');
      });
    }

    it('is compared with a replay after a downgrade, whose rehearsal leaves the same behind', async () => {
      const { run } = await project(dialect, {
        '1_items.sql': ITEMS,
        '2_price.sql': PRICE.replace('DROP COLUMN price', 'RENAME COLUMN price TO old_price'),
      });
      const first = await run({ safety: { roundTrip: false, rehearsalServer: 'SameServer' } });
      assert.equal(first.reason, 'Migrated', first.message);
      const down = await run({
        target: '1_items',
        allowDowngrade: true,
        safety: { mode: 'Warn', rehearsalServer: 'SameServer' },
      });
      assert.equal(down.reason, 'SchemaMismatch', down.message);
      assert.match(down.message, /old_price/);
    });

    it('is compared again after a change that was undone and after a row of the history was removed', async () => {
      const { run, write, execute } = await project(dialect, { '1_items.sql': ITEMS, '2_price.sql': PRICE });
      await run();
      // The file of the last migration is changed, and the database does not have the change.
      await execute("DELETE FROM db_manager_history WHERE revision = '2_price'");
      await execute('ALTER TABLE items DROP COLUMN price');
      await write({ '2_price.sql': PRICE.replace('INTEGER', 'BIGINT') });
      const again = await run();
      assert.equal(again.reason, 'Migrated', again.message);
      assert.doesNotMatch(said(again, 'validateBefore'), NO_REPLAY);
    });
  });
}
