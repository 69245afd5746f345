import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { findBackup, listBackups } from '../../src/backups/list.ts';
import { rekeyBackup } from '../../src/backups/rekey.ts';
import { restoreBackup } from '../../src/backups/restore.ts';
import { takeBackup } from '../../src/backups/take.ts';
import { verifyBackup } from '../../src/backups/verify.ts';
import { AVAILABLE_OBJECT_STORES, sharedObjectStore } from '../support/object-store.ts';
import { ageKey, hasAge } from './age-keys.ts';
import { type Ground, ground, OPTIONS } from './fixtures.ts';
import { problem } from './problems.ts';

for (const where of ['a folder', ...AVAILABLE_OBJECT_STORES] as const) {
  describe(`an encrypted backup in ${where}`, function () {
    this.timeout(60_000);
    let on: Ground;
    let place: string;
    before(async function () {
      if (!hasAge()) return this.skip();
      on = await ground('sqlite');
      place = where === 'a folder' ? on.folder : (await sharedObjectStore(where)).place('encrypted');
    });
    after(() => on?.close());

    it('gets other recipients without the database, under its name; the old ones then read nothing', async () => {
      const [old, first, second] = await Promise.all([ageKey(), ageKey(), ageKey()]);
      const before = await on.contentHash();
      const taken = await takeBackup(on.db, place, { ...OPTIONS, recipients: [old.recipient] });
      const recipients = [first.recipient, second.recipient];
      await problem('DecryptionFailed', () => rekeyBackup(taken, { recipients, identities: [first.identity] }));
      assert.deepEqual(JSON.parse(JSON.stringify(taken)), await findBackup(place, taken.manifest.name), 'unchanged');
      const rekeyed = await rekeyBackup(taken, { recipients, identities: [old.identity] });
      assert.equal(rekeyed.manifest.name, taken.manifest.name);
      const { backups, unreadable } = await listBackups(place);
      assert.deepEqual([backups, unreadable], [JSON.parse(JSON.stringify([rekeyed])), []]);
      await verifyBackup(rekeyed, { identities: [second.identity] });
      await problem('DecryptionFailed', () => verifyBackup(rekeyed, { identities: [old.identity] }));
      if (where === 'a folder') {
        assert.equal((await readdir(place)).length, 2, 'the old data is deleted');
        const plain = execFileSync('age', ['-d', '-i', first.file, rekeyed.path]);
        assert.equal(plain.subarray(0, 6).toString('latin1'), 'SQLite');
      }
      await on.sql('DELETE FROM orders');
      const identities = [second.identity];
      await restoreBackup(on.db, rekeyed, { safetyBackup: false, now: OPTIONS.now, identities });
      assert.equal(await on.contentHash(), before);
    });

    it('is refused for what is not a recipient, without printing it', async () => {
      const { identity } = await ageKey();
      const secret = identity.reveal();
      const message = await problem('InvalidConfiguration', () =>
        takeBackup(on.db, place, { ...OPTIONS, recipients: [secret] }),
      );
      assert.ok(!message.includes(secret));
      await problem('InvalidConfiguration', () =>
        takeBackup(on.db, place, { ...OPTIONS, recipients: ['age1nothing'] }),
      );
    });

    it('is not encrypted again if it was not encrypted', async () => {
      const taken = await takeBackup(on.db, place, OPTIONS);
      await problem('InvalidConfiguration', async () =>
        rekeyBackup(taken, { recipients: [(await ageKey()).recipient] }),
      );
    });
  });
}
