import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listBackups } from '../../src/backups/list.ts';
import { PARTIAL_PREFIX } from '../../src/backups/names.ts';
import { takeBackup } from '../../src/backups/take.ts';
import { verifyBackup } from '../../src/backups/verify.ts';
import { checkDump } from '../../src/database/check-dump.ts';
import { type Ground, ground, LARGE_TABLE, OPTIONS } from '../backups/fixtures.ts';
import { DIALECTS, temporaryFolder } from '../support/databases.ts';
import { guardProcess, releaseProcess } from '../support/lifetime.ts';
import { sharedPostgres } from '../support/postgres.ts';
import { eventually, killGroup } from '../support/processes.ts';
import { sizeFor } from '../support/sizes.ts';

const POINTS = sizeFor({ developer: 8, ci: 20, long: 100 });
const ROWS = 4_000;
const SEED = 20_260_601;

for (const dialect of DIALECTS) {
  describe(`SIGKILL at ${POINTS} random points, ${dialect}`, function () {
    this.timeout(POINTS * 30_000);
    let on: Ground;
    before(async () => {
      on = await ground(dialect, ROWS);
    });
    after(() => on.close());

    it('of a backup leaves only whole backups in the list, and the next run cleans up', async () => {
      const random = randomFrom(SEED);
      // The time of a complete backup is measured again with each that succeeds, because the load of the machine changes.
      let length = await run('backup', on, undefined);
      let killed = 0;
      for (let point = 0; point < POINTS; point++) {
        const took = await run('backup', on, { afterMs: random() * length, group: point % 2 === 0 });
        if (took === 0) killed++;
        else length = Math.min(length, took);
        for (const backup of (await listBackups(on.folder)).backups) await verifyBackup(backup, { check: checkDump });
      }
      assert.ok(killed > 0, 'not one was killed before its end, so nothing is proved');
      const silent = new Date(Date.now() - 6 * 60_000);
      for (const name of (await readdir(on.folder)).filter((one) => one.startsWith(PARTIAL_PREFIX))) {
        await utimes(join(on.folder, name, 'heartbeat'), silent, silent).catch(() => {});
        await utimes(join(on.folder, name), silent, silent);
      }
      await takeBackup(on.db, on.folder, OPTIONS);
      const { unreadable, backups } = await listBackups(on.folder);
      assert.deepEqual(unreadable, []);
      for (const backup of backups) await verifyBackup(backup, { check: checkDump });
      assert.deepEqual(
        (await readdir(on.folder)).filter((name) => name.startsWith(PARTIAL_PREFIX)),
        [],
      );
    });

    it('of a restore leaves the target in its old or its new state, whole', async () => {
      await rm(on.folder, { recursive: true, force: true });
      if (dialect === 'postgres') await on.sql(LARGE_TABLE);
      const random = randomFrom(SEED + 1);
      await takeBackup(on.db, on.folder, OPTIONS);
      const restored = await on.contentHash();
      const damage = () => on.sql('DELETE FROM orders WHERE id % 2 = 0; DELETE FROM customers WHERE id > 40');
      await damage();
      const damaged = await on.contentHash();
      let length = await run('restore', on, undefined);
      assert.equal(await on.contentHash(), restored);
      await damage();
      const seen = { old: 0, new: 0 };
      for (let point = 0; point < POINTS; point++) {
        const took = await run('restore', on, { afterMs: random() * length, group: point % 2 === 0 });
        if (took > 0) length = Math.min(length, took);
        const now = await on.contentHash();
        assert.ok(now === damaged || now === restored, `point ${point}: neither the old nor the new state`);
        seen[now === damaged ? 'old' : 'new']++;
        if (now === restored) await damage();
      }
      assert.ok(seen.old > 0, 'no point was early enough to prove anything');
    });
  });
}

/** Milliseconds from "ready" to the end, or 0 where it was killed before; what it left on the server has settled then. */
async function run(
  what: 'backup' | 'restore',
  on: Ground,
  kill: { afterMs: number; group: boolean } | undefined,
): Promise<number> {
  const program = new URL('./backup-child.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [program, what, on.url, on.folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
    // A killed process leaves its list of what to restore there.
    env: { ...process.env, TMPDIR: await temporaryFolder('tmp') },
  });
  const pid = child.pid ?? 0;
  guardProcess(pid);
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  const began = performance.now();
  if (kill !== undefined) {
    await Promise.race([sleep(kill.afterMs), ended]);
    if (kill.group) killGroup(pid);
    else child.kill('SIGKILL');
  }
  const [code] = (await ended) as [number | null];
  releaseProcess(pid);
  const length = performance.now() - began;
  await settled(on);
  if (kill === undefined) assert.equal(code, 0);
  return code === 0 ? length : 0;
}

/** A server works on for a moment after its client was killed. */
async function settled({ target }: Ground): Promise<void> {
  if (target.dialect !== 'postgres') return;
  const postgres = await sharedPostgres();
  await eventually('the sessions of killed programs to end', async () => {
    const rows = await postgres.query(
      "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND application_name LIKE 'db-manager backup%'",
      [target.database],
    );
    return rows.length === 0;
  });
}

/** Mulberry32: the same points on every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
