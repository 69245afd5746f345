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
import { contentHashOf, type Ground, ground, OPTIONS } from '../backups/fixtures.ts';
import { DIALECTS, temporaryFolder } from '../support/databases.ts';
import { guardProcess, releaseProcess } from '../support/lifetime.ts';
import { describeOn, sharedObjectStore, type TestObjectStore } from '../support/object-store.ts';
import { type Fault, type FaultyStore, faultyStore } from '../support/object-store-proxy.ts';

/** 3 points in the suite, on SQLite; `DB_MANAGER_FAULTS=long` uses 50 on both databases. */
const LONG = process.env.DB_MANAGER_FAULTS === 'long';
const POINTS = LONG ? 50 : 3;
const KINDS = ['backup', 'prune', 'restore'] as const;
type Work = (typeof KINDS)[number];
/** More than one part of an upload: the rows of PostgreSQL are compressed. */
const ROWS = 9_000;

/** A moment of one request: before the server sees it, inside it, inside the answer, after the answer. */
interface Point {
  request: number;
  moment: 'before' | 'inside' | 'answer' | 'after';
  /** Part of the body, of 4 MB. */
  bytes: number;
  /** After the last answer: so many milliseconds later. */
  laterMs: number;
}
const MOMENTS = ['before', 'inside', 'answer', 'after'] as const;

for (const dialect of LONG ? DIALECTS : (['sqlite'] as const)) {
  describeOn('versitygw')(`upload, restore and prune of ${dialect} at ${POINTS} points of their requests`, function () {
    this.timeout(POINTS * 120_000);
    let store: TestObjectStore;
    let proxy: FaultyStore;
    let on: Ground;
    let foreign: Ground;
    let foreignName: string;
    let prefix = '';
    /** Requests of each when nothing fails. */
    const requests = { backup: 0, restore: 0, prune: 0 };
    let whole: string;
    let damaged: string;
    /** Paths of the backups that were read and compared with their hash: once each, and all again at the end. */
    const verified = new Set<string>();
    const damage = () => on.sql("UPDATE customers SET name = name || ' damaged' WHERE id = 1");
    /** The many rows are only hashed in the long form. */
    const contentHash = () => contentHashOf(on.target, LONG ? [] : ['orders']);
    const through = () => proxy.place(prefix);
    const directly = () => store.place(prefix);

    before(async () => {
      process.env.AWS_MAX_ATTEMPTS = '2';
      store = await sharedObjectStore('versitygw');
      proxy = await faultyStore(store);
      on = await ground(dialect, ROWS);
      foreign = await ground(dialect, 1);
    });
    after(async () => {
      delete process.env.AWS_MAX_ATTEMPTS;
      await foreign.close();
      await on.close();
      await proxy.close();
    });
    /** A backup of another database in the same prefix, and one of this database. */
    const prepare = async (name: string) => {
      prefix = `${dialect}/${name}`;
      proxy.reset();
      foreignName = (await takeBackup(foreign.db, directly(), OPTIONS)).manifest.name;
      whole = await contentHash();
      for (const work of KINDS) {
        if (work === 'prune') await takeBackup(on.db, directly(), OPTIONS);
        proxy.reset();
        await perform(work, through());
        requests[work] = proxy.seen.length;
        proxy.reset();
      }
    };
    /** Before the points of a kind of work: for a restore, the target differs from its newest backup. */
    const ready = async (work: Work) => {
      if (work === 'restore') await damage();
      damaged = await contentHash();
    };

    it('cut: no listed backup is incomplete, the target is in its old or its new state', async () => {
      await prepare('cut');
      const failed = { backup: 0, restore: 0, prune: 0 };
      for (const work of KINDS) {
        await ready(work);
        for (const point of pointsOf(requests[work])) {
          if (work === 'prune') await takeBackup(on.db, directly(), { ...OPTIONS, now: new Date(0) });
          proxy.reset();
          proxy.fault = faultOf(point);
          await perform(work, through()).catch(() => failed[work]++);
          proxy.reset();
          await check(`${work} ${JSON.stringify(point)}`);
        }
      }
      for (const work of KINDS) assert.ok(failed[work] >= POINTS / 2, `${failed[work]} of ${work} failed`);
      await theEnd();
    });

    it('killed: no listed backup is incomplete, the target is in its old or its new state', async () => {
      await prepare('killed');
      const killed = { backup: 0, restore: 0, prune: 0 };
      for (const work of KINDS) {
        await ready(work);
        for (const point of pointsOf(requests[work])) {
          if (work === 'prune') await takeBackup(on.db, directly(), { ...OPTIONS, now: new Date(0) });
          killed[work] += await kill(work, point);
          await check(`${work} ${JSON.stringify(point)}`);
        }
      }
      for (const work of KINDS) assert.ok(killed[work] >= POINTS / 2, `${killed[work]} of ${work} were killed`);
      // As the next run does, once the heartbeats of the killed writers are five minutes old.
      const place = parseBackupPlace(directly());
      assert.ok(place.kind !== 'folder');
      await sleep(1_100);
      await sweep(await openObjects(place), folderOf(on.db.identity.id), 1_000);
      await theEnd();
    });

    async function perform(work: Work, place: string): Promise<void> {
      if (work === 'backup') await takeBackup(on.db, place, OPTIONS);
      else if (work === 'prune') {
        await pruneBackups(place, { last: 1, days: 0, databaseId: on.db.identity.id, now: new Date() });
      } else {
        const own = (await listBackups(place)).backups.filter(({ manifest }) => manifest.sizeBytes > 1_000_000);
        const [newest] = own;
        assert.ok(newest);
        await restoreBackup(on.db, newest, { safetyBackup: false, now: new Date(), terminateSessions: true });
      }
    }

    /** Spread over the requests and their moments; the last ones are after the last answer. */
    function pointsOf(count: number): Point[] {
      const most = count * MOMENTS.length;
      return Array.from({ length: POINTS }, (_, index) => {
        const at = POINTS <= most ? Math.floor((index * most) / POINTS) : index;
        const last = { request: count, moment: 'after' as const, bytes: 0, laterMs: (at - most) * 20 };
        if (at >= most) return last;
        const bytes = ((at * 7_919) % 64) * 65_536;
        const moment = MOMENTS[at % MOMENTS.length] ?? 'before';
        return { request: 1 + Math.floor(at / MOMENTS.length), moment, bytes, laterMs: 0 };
      });
    }

    /** The connection is cut there, and the server cannot be reached from then on. */
    function faultOf({ request, moment, bytes }: Point): (number: number) => Fault {
      return (number) => {
        if (number > request) return 'cut';
        if (number < request) return undefined;
        if (moment === 'before') return 'cut';
        if (moment === 'inside') return { cutRequest: bytes };
        return moment === 'answer' ? { cutAnswer: bytes } : undefined;
      };
    }

    /** 1 if the process was killed before its end. */
    async function kill(work: Work, point: Point): Promise<number> {
      proxy.reset();
      const program = new URL('./backup-child.ts', import.meta.url).pathname;
      const child = spawn(process.execPath, [program, work, on.url, through()], {
        stdio: ['ignore', 'pipe', 'inherit'],
        detached: true,
        env: { ...process.env, TMPDIR: await temporaryFolder('tmp') },
      });
      const pid = child.pid ?? 0;
      guardProcess(pid);
      const ended = once(child, 'exit');
      const now = () => process.kill(-pid, 'SIGKILL');
      const fault = faultOf(point);
      proxy.fault = fault;
      proxy.onCut = () => child.exitCode === null && child.signalCode === null && now();
      proxy.after = (number) => {
        if (number === point.request && point.moment === 'after') setTimeout(proxy.onCut, point.laterMs);
      };
      const [code] = (await ended) as [number | null];
      releaseProcess(pid);
      await sleep(20);
      proxy.reset();
      return code === null ? 1 : 0;
    }

    async function check(where: string): Promise<void> {
      const { backups } = await listBackups(directly());
      for (const backup of backups) {
        if (verified.has(backup.path)) continue;
        await verifyBackup(backup);
        verified.add(backup.path);
      }
      assert.ok(
        backups.some(({ manifest }) => manifest.name === foreignName),
        `${where}: the backup of the other database`,
      );
      const now = await contentHash();
      assert.ok(now === whole || now === damaged, `${where}: the target is neither in its old nor in its new state`);
      if (now !== damaged) await damage();
    }

    /** The next backup and prune leave one whole backup of this database, that of the other, and nothing else. */
    async function theEnd(): Promise<void> {
      for (const backup of (await listBackups(directly())).backups) await verifyBackup(backup);
      const last = await takeBackup(on.db, directly(), { ...OPTIONS, now: new Date() });
      await perform('prune', directly());
      const { backups, unreadable } = await listBackups(directly());
      assert.deepEqual(unreadable, []);
      assert.deepEqual(backups.map(({ manifest }) => manifest.name).sort(), [last.manifest.name, foreignName].sort());
      const { Contents = [] } = await store.client.send(
        new ListObjectsV2Command({ Bucket: store.bucket, Prefix: `${prefix}/` }),
      );
      assert.equal(Contents.length, 4, Contents.map(({ Key }) => Key).join(' '));
      const { Uploads = [] } = await store.client.send(new ListMultipartUploadsCommand({ Bucket: store.bucket }));
      assert.deepEqual(
        Uploads.filter(({ Key }) => Key?.startsWith(`${prefix}/`)),
        [],
      );
      await damage();
      await perform('restore', directly());
      assert.equal(await contentHash(), damaged);
    }
  });
}
