import assert from 'node:assert/strict';
import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { listBackups } from '../../src/backups/list.ts';
import { restoreBackup } from '../../src/backups/restore.ts';
import { takeBackup } from '../../src/backups/take.ts';
import { type Ground, ground, OPTIONS } from '../backups/fixtures.ts';
import { problem } from '../backups/problems.ts';
import {
  CREDENTIALS,
  describeOn,
  sharedObjectStore,
  startObjectStore,
  type TestObjectStore,
} from '../support/object-store.ts';
import { type Fault, type FaultyStore, faultyStore } from '../support/object-store-proxy.ts';
import { smallDisk } from '../support/small-disk.ts';

/** 3 points in the suite; `DB_MANAGER_FAULTS=long` uses 50. */
const POINTS = process.env.DB_MANAGER_FAULTS === 'long' ? 50 : 3;
/** More than one part of an upload. */
const ROWS = 9_000;

describeOn('versitygw')('backups in an object store that fails', function () {
  this.timeout(POINTS * 60_000);
  let store: TestObjectStore;
  let proxy: FaultyStore;
  let on: Ground;
  let number = 0;
  let prefix = '';
  const through = () => proxy.place(prefix);
  const directly = () => store.place(prefix);
  before(async () => {
    process.env.AWS_MAX_ATTEMPTS = '3';
    store = await sharedObjectStore('versitygw');
    proxy = await faultyStore(store);
    on = await ground('sqlite', ROWS);
  });
  after(async () => {
    delete process.env.AWS_MAX_ATTEMPTS;
    await on.close();
    await proxy.close();
  });
  beforeEach(() => {
    proxy.reset();
    prefix = `faults/${number++}`;
  });

  const answers: [string, Fault, Parameters<typeof problem>[0]][] = [
    ['an expired token', { status: 400, code: 'ExpiredToken' }, 'CredentialsExpired'],
    ['a wrong clock that the client cannot correct', { status: 403, code: 'RequestTimeTooSkewed' }, 'ClockSkewed'],
    ['throttling without end', { status: 503, code: 'SlowDown' }, 'ObjectStoreBusy'],
    ['a failing server', { status: 500, code: 'InternalError' }, 'ObjectStoreUnreachable'],
    ['a full server', { status: 507, code: 'InsufficientStorage' }, 'NoSpace'],
    ['a permission that is withdrawn', { status: 403, code: 'AccessDenied' }, 'ObjectStoreDenied'],
    ['an invalid token', { status: 400, code: 'InvalidToken' }, 'ObjectStoreDenied'],
    ['an upload that a lifecycle rule aborted', { status: 404, code: 'NoSuchUpload' }, 'BackupFailed'],
    ['a cut connection', 'cut', 'ObjectStoreUnreachable'],
  ];
  for (const [what, fault, reason] of answers) {
    it(`${what} in the middle of an upload is ${reason}; nothing is listed, and the next run cleans up`, async () => {
      proxy.fault = (_, request) => (request.includes('partNumber=2') ? fault : undefined);
      await problem(reason, () => takeBackup(on.db, through(), OPTIONS));
      assert.deepEqual(await listBackups(directly()), { backups: [], unreadable: [] });
      const taken = await takeBackup(on.db, directly(), OPTIONS);
      await clean([taken.manifest.name]);
    });
  }

  it('a wrong key is ObjectStoreDenied, a missing bucket BucketNotFound, a wrong address ObjectStoreUnreachable', async () => {
    process.env.AWS_SECRET_ACCESS_KEY = 'a-wrong-secret';
    try {
      const message = await problem('ObjectStoreDenied', () => listBackups(directly()));
      assert.ok(!message.includes('a-wrong-secret'));
    } finally {
      Object.assign(process.env, CREDENTIALS);
    }
    await problem('BucketNotFound', () =>
      takeBackup(on.db, directly().replace(store.bucket, 'no-such-bucket'), OPTIONS),
    );
    await problem('ObjectStoreUnreachable', () => listBackups('s3://backups/x?endpoint=http://127.0.0.1:1'));
  });

  it('a busy moment and a short cut are survived by upload and download', async () => {
    const failing = new Set<string>();
    const once = (fault: Fault) => (_: number, request: string) => {
      const key = request.replace(/[?&]X-Amz[^&]*/g, '');
      if (failing.has(key)) return undefined;
      failing.add(key);
      return fault;
    };
    proxy.fault = once({ status: 503, code: 'SlowDown' });
    const taken = await takeBackup(on.db, through(), OPTIONS);
    const before = await on.contentHash();
    await on.sql('DELETE FROM orders WHERE id % 2 = 0');
    let cuts = 0;
    proxy.fault = (_, request) =>
      request.includes('x-id=GetObject') && request.includes('.db?') && cuts++ < 3
        ? { cutAnswer: 3_000_000 }
        : undefined;
    await restoreBackup(on.db, taken, { safetyBackup: false, now: OPTIONS.now });
    assert.ok(cuts > 2, `the download was resumed ${cuts} times`);
    assert.equal(await on.contentHash(), before);
  });

  it('a disk of the server that is full is NoSpace or an error of the server; nothing is listed', async function () {
    const disk = await smallDisk(6);
    if (disk === undefined) return this.skip();
    const small = await startObjectStore('versitygw', disk.folder);
    try {
      await assert.rejects(takeBackup(on.db, small.place('x'), OPTIONS), /full|cannot be reached/);
      assert.deepEqual(await listBackups(small.place('x')), { backups: [], unreadable: [] });
    } finally {
      await small.server.stop();
      await disk.unmount();
    }
  });

  it('two backups in the same second are two backups', async () => {
    const both = await Promise.all([1, 2].map(() => takeBackup(on.db, directly(), OPTIONS)));
    assert.equal(new Set(both.map(({ manifest }) => manifest.name)).size, 2);
    await clean(both.map(({ manifest }) => manifest.name));
  });

  /** Exactly these backups, each with its manifest, and nothing else below the prefix. */
  async function clean(names: string[]): Promise<void> {
    const { backups, unreadable } = await listBackups(directly());
    assert.deepEqual(unreadable, []);
    assert.deepEqual(backups.map(({ manifest }) => manifest.name).sort(), names.sort());
    const { Contents = [] } = await store.client.send(
      new ListObjectsV2Command({ Bucket: store.bucket, Prefix: `${prefix}/` }),
    );
    assert.equal(Contents.length, names.length * 2, Contents.map(({ Key }) => Key).join(' '));
    const { Uploads = [] } = await store.client.send(new ListMultipartUploadsCommand({ Bucket: store.bucket }));
    assert.deepEqual(
      Uploads.filter(({ Key }) => Key?.startsWith(`${prefix}/`)),
      [],
    );
  }
});
