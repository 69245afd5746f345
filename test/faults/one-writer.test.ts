import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunEvent } from '../../src/core/model/report.ts';
import { look, query, requestFor } from '../runner/request.ts';
import { DIALECTS, temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { runProcess } from './runner-process.ts';

const PLAIN = {
  backup: { enabled: false },
  safety: { rehearsal: 'Off' },
  validation: { before: 'Skip', after: 'Skip' },
} as const;

/** Two tables, then a migration that takes a while. */
async function slowMigrations(seconds: number): Promise<string> {
  const folder = await temporaryFolder('slow');
  await writeFile(join(folder, '1_table.sql'), '-- migrate:up\nCREATE TABLE ledger (migration INTEGER NOT NULL);\n');
  await writeFile(
    join(folder, '2_slow.ts'),
    `export async function up({ context }: { context: { sequelize: { query(sql: string): Promise<unknown> } } }) {
  await context.sequelize.query('INSERT INTO ledger VALUES (2)');
  await new Promise((resolve) => setTimeout(resolve, ${seconds * 1000}));
}\n`,
  );
  return folder;
}

for (const dialect of DIALECTS) {
  describe(`one writer on ${dialect}`, function () {
    this.timeout(120_000);

    it('lets one of eight processes apply; the seven wait and then find nothing to do', async () => {
      const { url } = await temporaryDatabase(dialect);
      const folder = await slowMigrations(1);
      const backups = await temporaryFolder('backups');
      // The database exists before the race, as it does for replicas of one deployment.
      await runProcess(url, requestFor(folder, backups, { ...PLAIN, target: '1_table' }));
      const ended = await Promise.all(
        Array.from({ length: 8 }, () => runProcess(url, requestFor(folder, backups, PLAIN))),
      );
      const reasons = ended.map(({ report, stderr }) => report?.reason ?? stderr).sort();
      assert.deepEqual(reasons, ['Migrated', ...Array.from({ length: 7 }, () => 'UpToDate')]);
      const rows = await look(url, (database) => query<{ n: number }>(database, 'SELECT count(*) AS n FROM ledger'));
      assert.equal(Number(rows[0]?.n), 1);
    });

    it('names the holder to those who wait, and goes on within 5 s of its death', async () => {
      const { url } = await temporaryDatabase(dialect);
      const folder = await slowMigrations(10);
      const backups = await temporaryFolder('backups');
      await runProcess(url, requestFor(folder, backups, { ...PLAIN, target: '1_table' }));
      const request = requestFor(folder, backups, PLAIN);
      const applying = signal();
      const told = signal();
      const isApplying = (event: RunEvent) => event.type === 'started' && event.step === 'apply';
      const holder = runProcess(url, request, {
        once: told.promise,
        when(event) {
          if (isApplying(event)) applying.resolve();
          return false;
        },
      });
      await Promise.race([applying.promise, holder]);
      const waiting = runProcess(url, requestFor(folder, backups, PLAIN), {
        when(event) {
          if (wordsOfLock(event).includes(request.runId)) told.resolve();
          return false;
        },
      });
      const killed = await holder;
      const died = Date.now();
      assert.equal(killed.signal, 'SIGKILL', 'the waiter was told who holds the lock, while it was held');
      const next = await waiting;
      const lock = next.events.flatMap((event) =>
        event.type === 'step' && event.report.step === 'lock' ? [event.report] : [],
      )[0];
      assert.equal(next.report?.reason, 'Migrated', next.stderr);
      const took = Date.parse(lock?.at ?? '') - died;
      assert.ok(took < 5_000, `it had the lock ${took} ms after the holder's death`);
    });
  });
}

/** What a run that waits for the lock says. */
function wordsOfLock(event: RunEvent): string {
  return event.type === 'progress' && event.progress.step === 'lock' ? (event.progress.label ?? '') : '';
}

function signal(): { promise: Promise<void>; resolve(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, resolve };
}
