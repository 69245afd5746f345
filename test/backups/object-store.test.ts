import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { findBackup, listBackups } from '../../src/backups/list.ts';
import { folderOf } from '../../src/backups/object-store/keys.ts';
import { sweep } from '../../src/backups/object-store/marker.ts';
import { openObjects } from '../../src/backups/object-store/objects.ts';
import { openStore } from '../../src/backups/open-store.ts';
import { pruneBackups } from '../../src/backups/prune.ts';
import { restoreBackup } from '../../src/backups/restore.ts';
import { takeBackup } from '../../src/backups/take.ts';
import { verifyBackup } from '../../src/backups/verify.ts';
import { parseBackupPlace } from '../../src/core/model/backup-place.ts';
import { DIALECTS, temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { describeOn, OBJECT_STORES, sharedObjectStore, type TestObjectStore } from '../support/object-store.ts';
import { findPostgresBinaries } from '../support/postgres-binaries.ts';
import { ageKey, hasAge } from './age-keys.ts';
import { contentHashOf, type Ground, ground, OPTIONS, targetOf } from './fixtures.ts';
import { problem } from './problems.ts';

for (const name of OBJECT_STORES) {
  for (const dialect of DIALECTS) {
    describeOn(name)(`a backup of ${dialect} in ${name}`, function () {
      this.timeout(120_000);
      let store: TestObjectStore;
      let on: Ground;
      let place: string;
      let number = 0;
      before(async () => {
        store = await sharedObjectStore(name);
      });
      beforeEach(async () => {
        on = await ground(dialect);
        place = store.place(`shared/${dialect}-${number++}`);
      });
      afterEach(() => on.close());
      const keys = async () => {
        const prefix = decodeURIComponent(place.split('?')[0]?.slice(`s3://${store.bucket}/`.length) ?? '');
        const { Contents = [] } = await store.client.send(
          new ListObjectsV2Command({ Bucket: store.bucket, Prefix: `${prefix}/` }),
        );
        return Contents.map(({ Key = '' }) => Key);
      };

      it('is listed by the bucket alone, verified, and restored into the database', async () => {
        const before = await on.contentHash();
        const taken = await takeBackup(on.db, place, OPTIONS);
        assert.match(taken.manifest.name, /^backup_20260601_120000_[0-9a-f]{6}\.(db|dump)$/);
        assert.equal((await keys()).length, 2, 'data and manifest, no marker');
        const listed = await listBackups(place);
        assert.deepEqual(listed, { backups: JSON.parse(JSON.stringify([taken])), unreadable: [] });
        await verifyBackup(taken);
        await on.sql('DELETE FROM orders WHERE id % 3 = 0; DROP VIEW busy');
        await restoreBackup(on.db, taken, { safetyBackup: false, now: OPTIONS.now });
        assert.equal(await on.contentHash(), before);
      });

      it('that was altered is found by verify and refused by restore, which changes nothing', async () => {
        const taken = await takeBackup(on.db, place, OPTIONS);
        const [data = ''] = (await keys()).filter((key) => key.endsWith(taken.manifest.name));
        const body = await store.client.send(new GetObjectCommand({ Bucket: store.bucket, Key: data }));
        const bytes = Buffer.from((await body.Body?.transformToByteArray()) ?? []);
        bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
        await store.client.send(new PutObjectCommand({ Bucket: store.bucket, Key: data, Body: bytes }));
        const before = await on.contentHash();
        await problem('BackupInvalid', () => verifyBackup(taken));
        await problem('BackupInvalid', () => restoreBackup(on.db, taken, { safetyBackup: false, now: OPTIONS.now }));
        assert.equal(await on.contentHash(), before);
      });

      it('without its manifest is reported and not restored, and one without its data too', async () => {
        const first = await takeBackup(on.db, place, OPTIONS);
        const second = await takeBackup(on.db, place, OPTIONS);
        for (const key of await keys()) {
          const gone = key.endsWith(`${first.manifest.name}.json`) || key.endsWith(second.manifest.name);
          if (gone) await store.client.send(new DeleteObjectCommand({ Bucket: store.bucket, Key: key }));
        }
        const { backups, unreadable } = await listBackups(place);
        assert.deepEqual(backups, []);
        assert.match(unreadable.map(({ why }) => why).join(), /has no manifest.*missing|missing.*has no manifest/);
        await problem('BackupInvalid', () => findBackup(place, first.manifest.name));
      });

      it('is pruned by the retention of its own database; objects of others in the bucket stay', async () => {
        const other = await ground(dialect, 1);
        try {
          const foreign = await takeBackup(other.db, place, OPTIONS);
          const at = (day: number) => ({ ...OPTIONS, now: new Date(Date.UTC(2026, 5, day)) });
          const old = await takeBackup(on.db, place, at(1));
          const kept = await takeBackup(on.db, place, at(2));
          const removed = await pruneBackups(place, {
            last: 1,
            days: 0,
            databaseId: on.db.identity.id,
            now: new Date(Date.UTC(2026, 6, 1)),
          });
          assert.deepEqual(
            removed.map(({ manifest }) => manifest.name),
            [old.manifest.name],
          );
          const left = (await listBackups(place)).backups.map(({ manifest }) => manifest.name);
          assert.deepEqual(left.sort(), [foreign.manifest.name, kept.manifest.name].sort());
          assert.equal((await keys()).length, 4);
        } finally {
          await other.close();
        }
      });

      it('aborts the uploads of dead writers of its database, and of no other prefix', async () => {
        const first = await takeBackup(on.db, place, OPTIONS);
        const [key = ''] = (await keys()).filter((each) => each.endsWith(first.manifest.name));
        const folder = key.slice(0, key.lastIndexOf('/') + 1);
        const foreign = `someone-else/${name}-${dialect}/backup_20200101_000000_abcdef.dump`;
        for (const Key of [`${folder}backup_20200101_000000_abcdef.dump`, foreign]) {
          const { UploadId } = await store.client.send(new CreateMultipartUploadCommand({ Bucket: store.bucket, Key }));
          await store.client.send(
            new UploadPartCommand({ Bucket: store.bucket, Key, UploadId, PartNumber: 1, Body: 'a part' }),
          );
        }
        await takeBackup(on.db, place, OPTIONS);
        const { Uploads = [] } = await store.client.send(new ListMultipartUploadsCommand({ Bucket: store.bucket }));
        const open = Uploads.map(({ Key }) => Key);
        assert.ok(open.includes(foreign), `the upload of another prefix is still there: ${open}`);
        assert.deepEqual(
          open.filter((each) => each?.startsWith(folder)),
          [],
        );
      });

      it('is alone after a cleanup that was killed, and a check of the place that was', async () => {
        const taken = await takeBackup(on.db, place, OPTIONS);
        const parsed = parseBackupPlace(place);
        assert.ok(parsed.kind !== 'folder');
        const objects = await openObjects(parsed);
        const folder = folderOf(on.db.identity.id);
        const left = [`${folder}/.db-manager-partial-backup_20200101_000000_abcdef`, `${folder}/.db-manager-clock`];
        for (const key of [...left, '.db-manager-probe']) await objects.put(key, '');
        await sweep(objects, folder, 0);
        await (await openStore(place)).check(0);
        assert.deepEqual((await keys()).map((key) => key.slice(key.lastIndexOf('/') + 1)).sort(), [
          taken.manifest.name,
          `${taken.manifest.name}.json`,
        ]);
      });

      it('encrypted: age decrypts it without us, and another identity does not', async function () {
        if (!hasAge()) return this.skip();
        const { identity, recipient, file } = await ageKey();
        const another = await ageKey();
        const before = await on.contentHash();
        const taken = await takeBackup(on.db, place, { ...OPTIONS, recipients: [another.recipient, recipient] });
        assert.match(taken.manifest.name, /\.(db|dump)\.age$/);
        await verifyBackup(taken);
        await verifyBackup(taken, { identities: [identity] });
        const [key] = (await keys()).filter((each) => each.endsWith(taken.manifest.name));
        const { Body } = await store.client.send(new GetObjectCommand({ Bucket: store.bucket, Key: key }));
        const stored = join(await temporaryFolder('age'), 'stored');
        await writeFile(stored, (await Body?.transformToByteArray()) ?? '');
        const plain = execFileSync('age', ['-d', '-i', file, stored], { maxBuffer: 1 << 30 });
        assert.equal(plain.subarray(0, 5).toString('latin1'), dialect === 'sqlite' ? 'SQLit' : 'PGDMP');
        if (dialect === 'postgres') {
          const other = await temporaryDatabase('postgres');
          const pgRestore = join(await findPostgresBinaries(), 'pg_restore');
          const words = [
            'age -d -i "$1" "$2" | "$3" --no-owner --dbname="$4"',
            'sh',
            file,
            stored,
            pgRestore,
            other.url,
          ];
          execFileSync('sh', ['-c', ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
          assert.equal(await contentHashOf(targetOf(other.url)), before);
          await other.drop();
        }
        const restore = (identities: (typeof identity)[]) =>
          restoreBackup(on.db, taken, { safetyBackup: false, now: OPTIONS.now, identities });
        await on.sql('DELETE FROM orders');
        await problem('DecryptionFailed', () => restore([]));
        await problem('DecryptionFailed', async () => restore([(await ageKey()).identity]));
        assert.notEqual(await on.contentHash(), before);
        await restore([identity]);
        assert.equal(await on.contentHash(), before);
      });
    });
  }
}
