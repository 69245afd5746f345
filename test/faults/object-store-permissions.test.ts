/** A key whose policy lacks something, a key that is revoked, a token that expires, and objects that something else removes. */
import assert from 'node:assert/strict';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3';
import { listBackups } from '../../src/backups/list.ts';
import { pruneBackups } from '../../src/backups/prune.ts';
import { restoreBackup } from '../../src/backups/restore.ts';
import { takeBackup } from '../../src/backups/take.ts';
import { verifyBackup } from '../../src/backups/verify.ts';
import { type Ground, ground, OPTIONS } from '../backups/fixtures.ts';
import { problem } from '../backups/problems.ts';
import {
  AVAILABLE_OBJECT_STORES,
  addUser,
  CREDENTIALS,
  OBJECT_STORES,
  startObjectStore,
  type TestObjectStore,
} from '../support/object-store.ts';
import { type FaultyStore, faultyStore } from '../support/object-store-proxy.ts';

const ROWS = 200;
/** More than one part of an upload. */
const LARGE = 9_000;
const ALL = [
  's3:PutObject',
  's3:GetObject',
  's3:DeleteObject',
  's3:AbortMultipartUpload',
  's3:ListBucket',
  's3:ListBucketMultipartUploads',
];
const LATER = new Date(Date.UTC(2027, 0, 1));
const DENIED = ({ permission }: { permission: string }) =>
  new RegExp(`refused a request for s3://\\S+ that needs the permission ${permission}\\. Check the access key`);

for (const make of OBJECT_STORES) {
  const describeWhereAvailable = AVAILABLE_OBJECT_STORES.includes(make) ? describe : describe.skip;
  describeWhereAvailable(`backups in ${make} whose bucket or permissions change`, function () {
    this.timeout(120_000);
    let store: TestObjectStore;
    let proxy: FaultyStore;
    let on: Ground;
    let large: Ground;
    let number = 0;
    let place = '';
    const prune = () => pruneBackups(place, { last: 1, days: 0, databaseId: on.db.identity.id, now: LATER });
    const take = (day: number, from = on) =>
      takeBackup(from.db, place, { ...OPTIONS, now: new Date(Date.UTC(2026, 1, day)) });
    const restore = (path: string) => restoreBackup(on.db, { path }, { safetyBackup: false, now: OPTIONS.now });
    before(async () => {
      process.env.AWS_MAX_ATTEMPTS = '2';
      Object.assign(process.env, CREDENTIALS);
      store = await startObjectStore(make);
      proxy = await faultyStore(store);
      on = await ground('sqlite', ROWS);
      large = await ground('sqlite', LARGE);
    });
    after(async () => {
      delete process.env.AWS_MAX_ATTEMPTS;
      Object.assign(process.env, CREDENTIALS);
      await on.close();
      await large.close();
      await proxy.close();
      await store.server.stop();
    });
    beforeEach(() => {
      proxy.reset();
      Object.assign(process.env, CREDENTIALS);
      place = proxy.place(`permissions/${number++}`);
    });

    /** Which command needs what. */
    const needs: [permission: string, request: RegExp, command: string, run: (path: string) => Promise<unknown>][] = [
      ['s3:ListBucket', /list-type=2/, 'list', () => listBackups(place)],
      ['s3:ListBucket', /list-type=2/, 'backup', () => take(3)],
      ['s3:ListBucketMultipartUploads', /[?&]uploads/, 'backup', () => take(3)],
      ['s3:PutObject', /^PUT/, 'backup', () => take(3)],
      ['s3:DeleteObject', /^DELETE/, 'prune', prune],
      ['s3:GetObject', /^HEAD|^GET .*GetObject/, 'verify', (path) => readAndVerify(path)],
      ['s3:GetObject', /^HEAD|^GET .*GetObject/, 'restore', restore],
    ];
    const readAndVerify = async (path: string) => {
      const { readBackup } = await import('../../src/backups/list.ts');
      return verifyBackup(await readBackup(path));
    };
    // What the proxy answers is the same for every server.
    for (const [permission, request, command, run] of make === 'versitygw' ? needs : []) {
      it(`${command} without ${permission} names it; what was there stays`, async () => {
        const before = await on.contentHash();
        const [old, newer] = [await take(1), await take(2)];
        proxy.fault = (_, what) => (request.test(what) ? { status: 403, code: 'AccessDenied' } : undefined);
        assert.match(await problem('ObjectStoreDenied', () => run(old.path)), DENIED({ permission }));
        proxy.reset();
        const { backups } = await listBackups(place);
        assert.deepEqual(
          backups.map(({ path }) => path),
          [newer.path, old.path],
        );
        assert.equal(await on.contentHash(), before);
        await prune();
      });
    }

    it('an expired token is CredentialsExpired, also if only HEAD reports it', async () => {
      for (const request of [/^HEAD/, /partNumber=2/, /list-type=2/]) {
        const found = (_: number, what: string) =>
          request.test(what) || (request.source === '^HEAD' && what.includes('x-id=GetObject'))
            ? { status: 400, code: 'ExpiredToken' }
            : undefined;
        proxy.fault = found;
        await problem('CredentialsExpired', () => take(1, large));
      }
    });

    // In the middle of an upload versitygw answers 500, and the client tries again.
    const middle = make === 'versitygw' ? [] : [/partNumber=2/];
    for (const at of [...middle, /^HEAD/, /\.json\?.*PutObject/, /list-type=2/]) {
      it(`a bucket that is removed during a backup is BucketNotFound: at ${at.source}`, async () => {
        const Bucket = 'removed';
        await store.client.send(new CreateBucketCommand({ Bucket })).catch(() => {});
        place = place.replace(`s3://${store.bucket}/`, `s3://${Bucket}/`);
        let removed = false;
        proxy.fault = async (_, what) => {
          if (!removed && at.test(what)) {
            removed = true;
            await empty(Bucket);
            await store.client.send(new DeleteBucketCommand({ Bucket }));
          }
          return undefined;
        };
        await problem('BucketNotFound', () => take(1, at.source === 'partNumber=2' ? large : on));
        assert.ok(removed);
        await problem('BucketNotFound', () => listBackups(place));
      });
    }

    it('a part that a lifecycle rule removed is reported and not used; the rest is listed, pruned and restored', async () => {
      const taken = [await take(1), await take(2), await take(3), await take(4)];
      const keyOf = (path: string) =>
        decodeURIComponent(path.split('?')[0]?.slice(`s3://${store.bucket}/`.length) ?? '');
      const [first, second, , last] = taken.map(({ path }) => keyOf(path));
      await store.client.send(new DeleteObjectCommand({ Bucket: store.bucket, Key: first }));
      await store.client.send(new DeleteObjectCommand({ Bucket: store.bucket, Key: `${second}.json` }));
      const { backups, unreadable } = await listBackups(place);
      assert.deepEqual(
        backups.map(({ path }) => keyOf(path)).sort(),
        taken.slice(2).map(({ path }) => keyOf(path)),
      );
      assert.match(
        unreadable.map(({ why }) => why).join(),
        /file is missing\. It was deleted by something else, .*lifecycle rule/,
      );
      assert.match(unreadable.map(({ why }) => why).join(), /has no manifest/);
      assert.match(await problem('BackupInvalid', () => restore(taken[0]?.path ?? '')), /lifecycle rule/);
      await prune();
      await restore((await listBackups(place)).backups[0]?.path ?? '');
      assert.equal((await listBackups(place)).backups.map(({ path }) => keyOf(path)).join(), last);
    });

    it('an object that a lifecycle rule moved to an archive is reported', async () => {
      const taken = await take(1);
      proxy.fault = (_, what) =>
        what.includes('x-id=GetObject') ? { status: 403, code: 'InvalidObjectState' } : undefined;
      assert.match((await listBackups(place)).unreadable[0]?.why ?? '', /is in an archive, to which a lifecycle rule/);
      assert.match(await problem('BackupInvalid', () => restore(taken.path)), /Restore it from the archive/);
    });

    it('in a bucket with versions, a pruned backup is not listed, restored or found again', async () => {
      const old = await take(1);
      await take(2);
      await prune();
      assert.equal((await listBackups(place)).backups.length, 1);
      await problem('BackupNotFound', () => restore(old.path));
      const { Versions = [] } = await store.client.send(new ListObjectVersionsCommand({ Bucket: store.bucket }));
      assert.ok(
        Versions.some(({ Key = '' }) => Key.endsWith(old.manifest.name)),
        'the bucket has versions',
      );
    });

    async function empty(Bucket: string): Promise<void> {
      const { Contents = [] } = await store.client.send(new ListObjectsV2Command({ Bucket }));
      for (const { Key } of Contents) await store.client.send(new DeleteObjectCommand({ Bucket, Key }));
      const { UploadId, Key } = await openUpload(Bucket);
      if (UploadId !== undefined) await abort(Bucket, Key, UploadId);
    }
    async function openUpload(Bucket: string): Promise<{ UploadId?: string; Key?: string }> {
      const { ListMultipartUploadsCommand } = await import('@aws-sdk/client-s3');
      const { Uploads = [] } = await store.client.send(new ListMultipartUploadsCommand({ Bucket }));
      return Uploads[0] ?? {};
    }
    async function abort(Bucket: string, Key: string | undefined, UploadId: string): Promise<void> {
      const { AbortMultipartUploadCommand } = await import('@aws-sdk/client-s3');
      await store.client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    }

    if (make !== 'versitygw') return;

    it('a user of the server whose policy lacks one permission gets its name in the error', async () => {
      await take(1);
      const { path } = await take(2);
      const without = (permission: string) => ALL.filter((each) => each !== permission);
      const runs: [string, () => Promise<unknown>][] = [
        ['s3:ListBucket', () => listBackups(place)],
        ['s3:PutObject', () => take(3)],
        ['s3:GetObject', () => restore(path)],
        ['s3:DeleteObject', prune],
      ];
      for (const [permission, run] of runs) {
        const { key, remove } = await addUser(store, permission.slice(3).toLowerCase(), without(permission));
        Object.assign(process.env, key);
        assert.match(await problem('ObjectStoreDenied', run), DENIED({ permission }));
        await remove();
        Object.assign(process.env, CREDENTIALS);
      }
    });

    it('a user with put and get alone can restore by the full place, and nothing else', async () => {
      const { path } = await take(1);
      const { key } = await addUser(store, 'put-and-get', ['s3:PutObject', 's3:GetObject']);
      Object.assign(process.env, key);
      await restore(path);
      assert.match(
        await problem('ObjectStoreDenied', () => listBackups(place)),
        DENIED({ permission: 's3:ListBucket' }),
      );
      await problem('ObjectStoreDenied', () => take(2));
    });

    for (const [during, at, run] of [
      ['upload', /partNumber=2/, () => take(2, large)],
      ['listing', /list-type=2/, () => listBackups(place)],
      ['restore', /\.db\?.*GetObject/, (path: string) => restore(path)],
      ['prune', /^DELETE/, prune],
    ] as const) {
      it(`a key that is revoked during ${during} is refused; the database and the listed backups are whole`, async () => {
        const { path } = await take(1);
        await take(3);
        const before = await on.contentHash();
        const { key, remove } = await addUser(store, `revoked-${during}`, ALL);
        Object.assign(process.env, key);
        let revoked: Promise<unknown> | undefined;
        proxy.fault = async (_, what) => {
          if (at.test(what)) {
            revoked ??= remove();
            await revoked;
          }
          return undefined;
        };
        const message = await problem('ObjectStoreDenied', () => run(path));
        assert.match(message, /refused the credentials|refused a request/);
        assert.ok(!message.includes(key.AWS_SECRET_ACCESS_KEY));
        Object.assign(process.env, CREDENTIALS);
        proxy.reset();
        assert.equal(await on.contentHash(), before);
        const { backups, unreadable } = await listBackups(place);
        assert.equal(backups.length, 2);
        assert.deepEqual(unreadable, []);
        for (const each of backups) await verifyBackup(each);
        await prune();
      });
    }
  });
}
