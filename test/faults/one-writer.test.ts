import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { look, query, requestFor } from '../engine/request.ts';
import { DIALECTS, temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { runProcess } from './runner-process.ts';

const PLAIN = {
  backup: { enabled: false },
  safety: { rehearsal: 'Disabled', mode: 'Disabled' },
  validation: { before: 'Disabled', after: 'Disabled' },
} as const;

type Wait = 'in its code' | 'in the server';

/** A table, then a migration that takes a while. */
async function slowMigrations(seconds: number, wait: Wait = 'in its code', folder?: string): Promise<string> {
  const into = folder ?? (await temporaryFolder('slow'));
  const pause =
    wait === 'in the server'
      ? `context.sequelize.query('SELECT pg_sleep(${seconds})')`
      : `new Promise((resolve) => setTimeout(resolve, ${seconds * 1000}))`;
  await writeFile(join(into, '1_table.sql'), '-- migrate:up\nCREATE TABLE ledger (migration INTEGER NOT NULL);\n');
  await writeFile(
    join(into, '2_slow.ts'),
    `export async function up({ context }: { context: { sequelize: { query(sql: string): Promise<unknown> } } }) {
  await context.sequelize.query('INSERT INTO ledger VALUES (2)');
  await ${pause};
}\n`,
  );
  return into;
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

    const waits: Wait[] = dialect === 'postgres' ? ['in its code', 'in the server'] : ['in its code'];
    for (const wait of waits) {
      it(`names the holder to waiting runs, and continues within 5 s of its death ${wait}`, async () => {
        const { url } = await temporaryDatabase(dialect);
        const folder = await slowMigrations(60, wait);
        const backups = await temporaryFolder('backups');
        await runProcess(url, requestFor(folder, backups, { ...PLAIN, target: '1_table' }));
        const request = requestFor(folder, backups, PLAIN);
        const death = new AbortController();
        const applies = Promise.withResolvers<void>();
        const holder = runProcess(url, request, {
          signal: death.signal,
          when: (event) => {
            if (event.type === 'progress' && event.progress.step === 'apply') applies.resolve();
            return false;
          },
        });
        await applies.promise;
        const told = Promise.withResolvers<string>();
        await slowMigrations(0, wait, folder);
        const waiting = runProcess(url, requestFor(folder, backups, PLAIN), {
          when: (event) => {
            if (event.type === 'progress' && event.progress.step === 'lock') told.resolve(event.progress.label ?? '');
            return false;
          },
        });
        assert.match(await told.promise, new RegExp(request.runId), 'the waiter was told who holds it');
        death.abort();
        assert.equal((await holder).signal, 'SIGKILL');
        const died = Date.now();
        const next = await waiting;
        assert.equal(next.report?.reason, 'Migrated', next.stderr);
        const lock = next.events.flatMap((event) =>
          event.type === 'step' && event.report.step === 'lock' ? [event.report] : [],
        )[0];
        const took = Date.parse(lock?.at ?? '') - died;
        assert.ok(took < 5_000, `it had the lock ${took} ms after the holder's death`);
      });
    }
  });
}
