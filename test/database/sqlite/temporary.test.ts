import assert from 'node:assert/strict';
import type { LoadedMigration } from '../../../src/core/model/migration.ts';
import type { Revision } from '../../../src/core/model/revision.ts';
import type { Database } from '../../../src/database/port.ts';
import { ground } from '../../backups/fixtures.ts';
import { TIMEOUTS } from './fixtures.ts';

const sql = 'CREATE TABLE flushed AS SELECT synchronous AS level FROM pragma_synchronous';
const MIGRATION: LoadedMigration = {
  revision: '1_level' as Revision,
  files: ['1_level.sql'],
  checksum: 'sha256:0',
  format: 'sql',
  description: '',
  transactional: { up: true, down: true },
  up: { kind: 'sql', statements: [{ sql, file: '1_level.sql', line: 1, column: 1 }] },
};

describe('what a migration on SQLite writes', () => {
  const levelOn = async (database: Database, observe: boolean): Promise<number | undefined> => {
    await database.history.ensure();
    const work = { direction: 'up', runId: 'r', toolVersion: '0', timeouts: TIMEOUTS, observe } as const;
    const { kind } = await database.migrate({ ...work, migrations: [MIGRATION] });
    assert.equal(kind, 'done');
    for (const level of [0, 1, 2, 3]) {
      if (await database.isTrue(`SELECT level = ${level} FROM flushed`, 1_000)) return level;
    }
    return undefined;
  };

  for (const observe of [true, false]) {
    it(`is on the disk of production at COMMIT, and not waited for on a copy${observe ? '' : ' without observation'}`, async () => {
      const on = await ground('sqlite', 10);
      const { database, drop } = await on.db.createScratch({ kind: 'schema' }, { runId: 'flush' });
      assert.equal(await levelOn(database, observe), 0, 'OFF');
      await drop();
      assert.equal(await levelOn(on.db, observe), 2, 'FULL');
      await on.close();
    });
  }
});
