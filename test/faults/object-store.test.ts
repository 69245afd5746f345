import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { listBackups } from '../../src/backups/list.ts';
import { folderOf } from '../../src/backups/object-store/keys.ts';
import { sweep } from '../../src/backups/object-store/marker.ts';
import { openObjects } from '../../src/backups/object-store/objects.ts';
import { pruneBackups } from '../../src/backups/prune.ts';
import { restoreBackup } from '../../src/backups/restore.ts';
import { takeBackup } from '../../src/backups/take.ts';
import { verifyBackup } from '../../src/backups/verify.ts';
import { parseBackupPlace } from '../../src/core/model/backup-place.ts';
import { type Ground, ground, OPTIONS } from '../backups/fixtures.ts';
import { problem } from '../backups/problems.ts';
import { temporaryFolder } from '../support/databases.ts';
import { guardProcess, releaseProcess } from '../support/lifetime.ts';
import {
  AVAILABLE_OBJECT_STORES,
  CREDENTIALS,
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

const describeWhereAvailable = AVAILABLE_OBJECT_STORES.includes('versitygw') ? describe : describe.skip;

describeWhereAvailable('backups in an object store that fails', function () {
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

  it(`cut at ${POINTS} requests: upload and prune leave only whole backups`, async () => {
    const requests = await requestsOf(() => takeBackup(on.db, through(), OPTIONS));
    for (const at of spread(requests)) {
      prefix = `faults/cut-${number++}`;
      const kept = await takeBackup(on.db, directly(), OPTIONS);
      proxy.reset();
      proxy.fault = (n) => (n >= at ? 'cut' : undefined);
      await takeBackup(on.db, through(), OPTIONS).catch(() => {});
      await allWhole();
      proxy.reset();
      proxy.fault = (n) => (n >= Math.ceil(at / 2) ? 'cut' : undefined);
      await prune(through()).catch(() => {});
      await allWhole();
      const last = await takeBackup(on.db, directly(), { ...OPTIONS, now: new Date('2026-06-02T00:00:00Z') });
      await prune(directly());
      await clean([last.manifest.name]);
      assert.notEqual(kept.manifest.name, last.manifest.name);
    }
  });

  it(`killed at ${POINTS} requests: upload, prune and restore`, async () => {
    const foreign = await ground('sqlite', 1);
    const other = await takeBackup(foreign.db, store.place('faults/killed'), OPTIONS);
    prefix = 'faults/killed';
    const wholeHash = await on.contentHash();
    const requests = await requestsOf(() => takeBackup(on.db, through(), OPTIONS));
    const damage = () => on.sql("UPDATE customers SET name = name || ' damaged' WHERE id = 1");
    await damage();
    const damagedHash = await on.contentHash();
    let killed = 0;
    for (const at of spread(requests)) {
      for (const what of ['backup', 'prune', 'restore'] as const) {
        if (what === 'restore') await restoreTo(wholeHash);
        killed += await kill(what, what === 'backup' ? at : Math.ceil(at / 3));
        await allWhole();
        const now = await on.contentHash();
        assert.ok(now === wholeHash || now === damagedHash, 'the target is in its old or its new state');
        if (now === wholeHash) await damage();
      }
    }
    assert.ok(killed > POINTS, `${killed} were killed before their end`);
    // As the next run does, once the heartbeats of the killed writers are five minutes old.
    const place = parseBackupPlace(directly());
    assert.ok(place.kind !== 'folder');
    await sleep(1_100);
    await sweep(await openObjects(place), folderOf(on.db.identity.id), 1_000);
    const last = await takeBackup(on.db, directly(), { ...OPTIONS, now: new Date() });
    await prune(directly());
    await clean([last.manifest.name, other.manifest.name]);
    await foreign.close();
    await restoreTo(wholeHash);

    /** The child restores the newest backup of the place: one of the undamaged content. */
    async function restoreTo(hash: string): Promise<void> {
      if ((await on.contentHash()) === hash) await damage();
    }
  });

  async function requestsOf(work: () => Promise<unknown>): Promise<number> {
    proxy.reset();
    await work();
    return proxy.seen.length;
  }

  function spread(requests: number): number[] {
    return Array.from({ length: POINTS }, (_, index) => 1 + Math.floor((index * requests) / POINTS));
  }

  function prune(place: string) {
    return pruneBackups(place, {
      last: 1,
      days: 0,
      databaseId: on.db.identity.id,
      now: new Date('2026-07-01T00:00:00Z'),
    });
  }

  /** 1 if the process was killed before its end. */
  async function kill(what: 'backup' | 'prune' | 'restore', at: number): Promise<number> {
    proxy.reset();
    const program = new URL('./backup-child.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, [program, what, on.url, through()], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
      env: { ...process.env, TMPDIR: await temporaryFolder('tmp') },
    });
    const pid = child.pid ?? 0;
    guardProcess(pid);
    const ended = once(child, 'exit');
    // Odd points: before the server sees the request; even points: after it has answered, before the client knows.
    if (at % 2 === 1) {
      proxy.fault = (n) => {
        if (n === at) child.kill('SIGKILL');
        return n >= at ? 'cut' : undefined;
      };
    } else {
      proxy.after = (n) => {
        if (n === at) child.kill('SIGKILL');
      };
    }
    const [code] = (await ended) as [number | null];
    releaseProcess(pid);
    await sleep(20);
    return code === null ? 1 : 0;
  }

  async function allWhole(): Promise<void> {
    for (const backup of (await listBackups(directly())).backups) await verifyBackup(backup);
  }

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
