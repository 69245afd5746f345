/** A bucket that several databases share, and what people do to it by hand. */
import assert from 'node:assert/strict';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { findBackup, listBackups } from '../../src/backups/list.ts';
import { pruneBackups } from '../../src/backups/prune.ts';
import { restoreBackup } from '../../src/backups/restore.ts';
import { takeBackup } from '../../src/backups/take.ts';
import { verifyBackup } from '../../src/backups/verify.ts';
import { SQLITE_IDENTITY_VARIABLE } from '../../src/core/model/request.ts';
import { TASK_REQUEST_VARIABLE, type TaskReport } from '../../src/core/model/task.ts';
import { hostedDbManager } from '../cli/process.ts';
import { temporaryFolder } from '../support/databases.ts';
import {
  CREDENTIALS,
  describeOn,
  OBJECT_STORES,
  sharedObjectStore,
  type TestObjectStore,
} from '../support/object-store.ts';
import { type FaultyStore, faultyStore } from '../support/object-store-proxy.ts';
import { type Ground, ground, OPTIONS, openTarget } from './fixtures.ts';

for (const name of OBJECT_STORES) {
  describeOn(name)(`a shared bucket in ${name}`, function () {
    this.timeout(180_000);
    let store: TestObjectStore;
    let on: Ground;
    before(async () => {
      store = await sharedObjectStore(name);
      on = await ground('sqlite', 20);
    });
    after(() => on.close());

    const prefixes = ['with blanks', 'a+b&c=d', '100%25', 'grüße/日本', "quote'd (1)", '~tilde/$@:,;', 'a#b', '*'];
    for (const [index, prefix] of prefixes.entries()) {
      it(`takes, lists, verifies, restores and prunes below the prefix "${prefix}", and leaves the next one alone`, async () => {
        const encoded = prefix.split('/').map(encodeURIComponent).join('/').replaceAll('%2525', '%25');
        const place = store.place(`odd/${index}/${encoded}`);
        const next = store.place(`odd/${index}/${encoded}x`);
        await takeBackup(on.db, next, OPTIONS);
        const old = await takeBackup(on.db, place, { ...OPTIONS, now: new Date(0) });
        const taken = await takeBackup(on.db, place, OPTIONS);
        assert.deepEqual(
          (await listBackups(place)).backups.map(({ path }) => path),
          [taken.path, old.path],
        );
        await verifyBackup(await findBackup(place, 'latest'));
        await restoreBackup(on.db, taken, { safetyBackup: false, now: new Date() });
        const retention = { last: 1, days: 0, databaseId: on.db.identity.id, now: new Date() };
        assert.equal((await pruneBackups(place, retention)).length, 1);
        assert.equal((await listBackups(place)).backups.length, 1);
        assert.equal((await listBackups(next)).backups.length, 1);
      });
    }

    it('lists more backups than one answer of the server has objects, and prunes them', async () => {
      const place = store.place('many');
      const taken = await takeBackup(on.db, place, { ...OPTIONS, now: new Date('2026-01-01T00:00:00Z') });
      const data = keyOf(taken.path);
      const manifest = await text(`${data}.json`);
      const content = await bytes(data);
      const names = Array.from({ length: 510 }, (_, index) => `backup_20250101_000000_${index.toString(16)}.db`);
      const put = (Key: string, Body: Buffer | string) =>
        store.client.send(new PutObjectCommand({ Bucket: store.bucket, Key, Body }));
      while (names.length > 0) {
        await Promise.all(
          names.splice(0, 20).map(async (each) => {
            const key = data.replace(taken.manifest.name, each);
            await put(key, content);
            const own = manifest.replace(taken.manifest.name, each).replace('2026-01-01T', '2025-01-01T');
            await put(`${key}.json`, own);
          }),
        );
      }
      const { backups, unreadable } = await listBackups(place);
      assert.deepEqual([backups.length, unreadable], [511, []]);
      const retention = { last: 501, days: 0, databaseId: on.db.identity.id, now: new Date() };
      assert.equal((await pruneBackups(place, retention)).length, 10);
      assert.equal((await listBackups(place)).backups.length, 501);
    });

    it('reports data that was deleted by hand, and a manifest of a newer version; both are kept by prune', async () => {
      const place = store.place('by-hand');
      const [gone, newer] = await Promise.all([takeBackup(on.db, place, OPTIONS), takeBackup(on.db, place, OPTIONS)]);
      await takeBackup(on.db, place, { ...OPTIONS, now: new Date() });
      await store.client.send(new DeleteObjectCommand({ Bucket: store.bucket, Key: keyOf(gone.path) }));
      const key = `${keyOf(newer.path)}.json`;
      const Body = (await text(key)).replace('"version": 1', '"version": 2');
      await store.client.send(new PutObjectCommand({ Bucket: store.bucket, Key: key, Body }));
      const retention = { last: 1, days: 0, databaseId: on.db.identity.id, now: new Date() };
      assert.deepEqual(await pruneBackups(place, retention), []);
      const { backups, unreadable } = await listBackups(place);
      assert.equal(backups.length, 1);
      const why = new Map(unreadable.map((each) => [each.path, each.why]));
      assert.match(why.get(gone.path) ?? '', /its backup file is missing/);
      assert.match(why.get(newer.path) ?? '', /written by a newer db-manager \(manifest version 2\)/);
      await assert.rejects(restoreBackup(on.db, newer, { safetyBackup: false, now: new Date() }), /newer db-manager/);
    });

    const keyOf = (path: string) => decodeURIComponent(path.split('?')[0]?.slice(`s3://${store.bucket}/`.length) ?? '');
    const bytes = async (Key: string) => {
      const { Body } = await store.client.send(new GetObjectCommand({ Bucket: store.bucket, Key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    };
    const text = async (key: string) => (await bytes(key)).toString();
  });
}

describeOn('versitygw')('the Job of a backup', function () {
  this.timeout(120_000);
  let store: TestObjectStore;
  let on: Ground;
  let proxy: FaultyStore;
  before(async () => {
    store = await sharedObjectStore('versitygw');
    proxy = await faultyStore(store);
    on = await ground('sqlite', 5);
  });
  after(async () => {
    await on.close();
    await proxy.close();
  });

  const task = async (place: string, path: string, identity: string, action: object): Promise<TaskReport> => {
    const request = { version: 1, database: { sqlite: { path } }, place, action };
    const env = {
      ...CREDENTIALS,
      AWS_MAX_ATTEMPTS: '1',
      [SQLITE_IDENTITY_VARIABLE]: identity,
      [TASK_REQUEST_VARIABLE]: JSON.stringify(request),
    };
    const { stdout, stderr } = await hostedDbManager(['task'], env);
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? stderr);
  };
  const retain = { last: 1, days: 0 };

  it('keeps the backups of two SQLite files apart that have one path in their pods', async () => {
    const place = store.place('pods');
    const path = join(await temporaryFolder('volume'), 'app.db');
    await mkdir(join(path, '..'), { recursive: true });
    await cp(on.target.dialect === 'sqlite' ? on.target.path : '', path);
    const backup = { kind: 'backup', verify: 'Checksum', retain };
    const first = await task(place, path, 'shop/data/app.db', backup);
    const second = await task(place, path, 'bank/data/app.db', backup);
    assert.deepEqual([first.reason, first.pruned], ['Succeeded', 0], first.message);
    assert.deepEqual([second.reason, second.pruned], ['Succeeded', 0], 'the backup of the other is not old');
    const restore = { kind: 'restore', backup: 'latest', into: false, confirm: 'app.db', terminateSessions: false };
    const restored = await task(place, path, 'shop/data/app.db', restore);
    assert.equal(restored.backup?.name, first.backup?.name, restored.message);
    const foreign = { ...restore, backup: second.backup?.name };
    assert.equal((await task(place, path, 'shop/data/app.db', foreign)).reason, 'BackupMismatch');
  });

  it('succeeds although old backups cannot be deleted, and reports it', async () => {
    const old = await takeBackup(await openTarget(on.target), proxy.place('no-delete'), {
      ...OPTIONS,
      now: new Date(0),
    });
    const path = on.target.dialect === 'sqlite' ? on.target.path : '';
    proxy.fault = (_, request) =>
      request.startsWith('DELETE') && request.includes(old.manifest.name)
        ? { status: 403, code: 'AccessDenied' }
        : undefined;
    const backup = { kind: 'backup', verify: 'Checksum', retain };
    const report = await task(proxy.place('no-delete'), path, on.db.identity.id, backup);
    assert.equal(report.reason, 'Succeeded', report.message);
    assert.match(report.message, /Old backups could not be removed: .*refused a request .*s3:DeleteObject/);
    assert.ok(report.backup);
  });
});
