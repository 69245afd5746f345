import assert from 'node:assert/strict';
import { join } from 'node:path';
import { SEED_REVISION, seed } from '../../migrations/seed.ts';
import { restoreBackup } from '../../src/backups/restore.ts';
import { takeBackup } from '../../src/backups/take.ts';
import { verifyBackup } from '../../src/backups/verify.ts';
import { checkDump } from '../../src/database/check-dump.ts';
import { EXAMPLE, look, requestFor, runOn } from '../engine/request.ts';
import { DIALECTS, temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { contentHashOf, OPTIONS, runSql, targetOf } from './fixtures.ts';

/** 30,000 orders in the suite; `DB_MANAGER_FAULTS=long` takes 1,000,000. */
const ORDERS = process.env.DB_MANAGER_FAULTS === 'long' ? 1_000_000 : 30_000;

for (const dialect of DIALECTS) {
  describe(`the example with ${ORDERS} orders on ${dialect}`, function () {
    this.timeout(1_800_000);

    it('is restored row for row from its backup after a table was dropped and rows were deleted', async () => {
      const { url, drop } = await temporaryDatabase(dialect);
      const folder = await temporaryFolder('backups');
      const off = { backup: { enabled: false }, safety: { rehearsal: 'Disabled' } } as const;
      const { report } = await runOn(url, requestFor(EXAMPLE, folder, { target: SEED_REVISION, ...off }));
      assert.equal(report.result, 'succeeded', report.message);
      await seed(url, { orders: ORDERS });
      const target = targetOf(url);
      const before = await contentHashOf(target);

      await look(url, async (database) => {
        const counts = await database.rowCounts();
        assert.ok([...counts.values()].includes(ORDERS), JSON.stringify([...counts]));
        const backup = await takeBackup(database, join(folder, 'own'), OPTIONS);
        await verifyBackup(backup, { check: checkDump });
        await runSql(target, 'DROP TABLE positions; DELETE FROM fills WHERE id % 3 = 0; DELETE FROM candles');
        assert.notEqual(await contentHashOf(target), before);
        await restoreBackup(database, backup, { safetyBackup: false, now: OPTIONS.now });
      });
      assert.equal(await contentHashOf(target), before);
      await drop();
    });
  });
}
