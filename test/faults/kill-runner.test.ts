import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomFrom } from '../../migrations/seed-data.ts';
import { STEP_NAMES } from '../../src/core/model/step.ts';
import { look, query, requestFor, runOn } from '../engine/request.ts';
import { DIALECTS, temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { sizeFor } from '../support/sizes.ts';
import { runProcess } from './runner-process.ts';

const LONG = process.env.DB_MANAGER_FAULTS === 'long';
const RANDOM_KILLS = sizeFor({ developer: 6, ci: 12, long: 200 });
const MIGRATIONS = 50;
/** Of a kill at the start of a step, which does not depend on how many there are. */
const FEW = LONG ? MIGRATIONS : 6;
/** The numbers of those that are code. */
const CODE = Array.from({ length: MIGRATIONS / 3 }, (_, index) => 3 * (index + 1));

/**
 * Each migration writes a row into a ledger; a migration that ran twice or was lost shows there. Every third is code, which
 * has a commit of its own on SQLite too.
 */
async function ledgerMigrations(count = MIGRATIONS, code = CODE): Promise<string> {
  const folder = await temporaryFolder('ledger');
  await writeFile(
    join(folder, '000_tables.sql'),
    '-- migrate:up\nCREATE TABLE ledger (migration INTEGER NOT NULL);\nCREATE TABLE control (id INTEGER PRIMARY KEY, payload VARCHAR(40) NOT NULL);\n-- migrate:down\nDROP TABLE control;\nDROP TABLE ledger;\n',
  );
  for (let n = 1; n <= count; n += 1) {
    const rows = Array.from({ length: 40 }, (_, i) => `(${n * 1_000 + i}, 'row ${i} of ${n}')`).join(', ');
    if (code.includes(n)) {
      await writeFile(
        join(folder, `${String(n).padStart(3, '0')}_step.mjs`),
        `const ids = Array.from({ length: 40 }, (_, i) => ${n * 1_000} + i);
export async function up({ context }) {
  console.log('step ${n} runs');
  await context.bulkInsert('ledger', [{ migration: ${n} }]);
  await context.bulkInsert('control', ids.map((id) => ({ id, payload: 'row of ${n}' })));
}
export async function down({ context }) {
  await context.bulkDelete('control', { id: ids });
  await context.bulkDelete('ledger', { migration: ${n} });
}
`,
      );
      continue;
    }
    await writeFile(
      join(folder, `${String(n).padStart(3, '0')}_step.sql`),
      `-- migrate:up\nINSERT INTO ledger VALUES (${n});\nINSERT INTO control VALUES ${rows};\n-- migrate:down\nDELETE FROM control WHERE id >= ${n * 1_000} AND id < ${n * 1_000 + 1_000};\nDELETE FROM ledger WHERE migration = ${n};\n`,
    );
  }
  return folder;
}

const STEPS = STEP_NAMES.filter((name) => name !== 'recover');
/** Nothing is written before the lock, which the tests on SQLite show for each of these steps in every run. */
const FEW_STEPS = STEPS.filter((name) => /^(lock|backup|rehearse|apply|verify)$/.test(name));
const KILLED_AT = { sqlite: STEPS, postgres: sizeFor({ developer: FEW_STEPS, ci: STEPS, long: STEPS }) };

/** Only applies. */
const plain = {
  backup: { enabled: false },
  safety: { rehearsal: 'Disabled', mode: 'Disabled' },
  validation: { before: 'Disabled', after: 'Disabled' },
} as const;

for (const dialect of DIALECTS) {
  describe(`a runner that is killed with SIGKILL on ${dialect}`, function () {
    this.timeout(LONG ? 3_600_000 : 180_000);

    async function converges(
      url: string,
      folder: string,
      backups: string,
      { count = MIGRATIONS, ...options }: { count?: number } & NonNullable<Parameters<typeof requestFor>[2]> = {},
    ): Promise<void> {
      const request = requestFor(folder, backups, { ...options, timeouts: { connect: 10_000 } });
      // In this process: the run after a kill may be any other, and a process of its own costs a second of CPU time.
      const { report } = await runOn(url, request);
      assert.equal(report.result, 'succeeded', report.message);
      const seen = await look(url, async (database) => ({
        ledger: await query<{ migration: number; n: number }>(
          database,
          'SELECT migration, count(*) AS n FROM ledger GROUP BY migration ORDER BY migration',
        ),
        control: await query<{ n: number }>(database, 'SELECT count(*) AS n FROM control'),
        history: await database.history.read(),
        stale: await database.dropStaleScratches(),
      }));
      assert.deepEqual(
        seen.ledger.map(({ migration, n }) => [migration, Number(n)]),
        Array.from({ length: count }, (_, i) => [i + 1, 1]),
      );
      assert.equal(Number(seen.control[0]?.n), count * 40);
      assert.equal(seen.history.length, count + 1);
      assert.ok(seen.history.every(({ state }) => state === 'applied'));
      assert.deepEqual(seen.stale, [], 'the run that went through has dropped what the killed one left');
    }

    for (const step of KILLED_AT[dialect]) {
      it(`at the start of ${step}: the next run converges`, async () => {
        const { url, drop } = await temporaryDatabase(dialect);
        const folder = await ledgerMigrations(FEW);
        const backups = await temporaryFolder('backups');
        const killed = await runProcess(url, requestFor(folder, backups), {
          when: (event) => event.type === 'started' && event.step === step,
        });
        assert.equal(killed.signal, 'SIGKILL', `it was killed, not ended: ${killed.report?.message}`);
        const states = () => look(url, async (database) => (await database.runs.list()).map(({ state }) => state));
        // The row is written once the run holds the lock, and the next run notices that it is dead.
        const isKept = STEP_NAMES.indexOf(step) > STEP_NAMES.indexOf('lock');
        if (isKept) assert.deepEqual(await states(), ['running']);
        await converges(url, folder, backups, { count: FEW });
        assert.deepEqual(await states(), isKept ? ['ended', 'lost'] : ['ended']);
        await drop();
      });
    }

    it(`at ${RANDOM_KILLS} random points of applying: what is recorded is what is there, and the last run converges`, async () => {
      const random = randomFrom(20_261_123);
      const folder = await ledgerMigrations();
      const backups = await temporaryFolder('backups');
      const halfway = new Set<number>();
      let kills = 0;
      while (kills < RANDOM_KILLS) {
        const { url, drop } = await temporaryDatabase(dialect);
        // Several kills on one database, each somewhere in what is left: some milliseconds after a step of code has reported
        // that it runs. A time alone would mostly fall into the loading of modules.
        for (let applied = 0; kills < RANDOM_KILLS; ) {
          // Not far ahead: a kill near the end would leave no place for the next ones.
          const next = CODE.filter((n) => n >= applied).slice(0, 4);
          const victim = next[Math.floor(random() * next.length)];
          if (victim === undefined) break;
          const { signal } = await runProcess(url, requestFor(folder, backups, plain), {
            whenPrinted: `step ${victim} runs`,
            afterMs: random() * 12,
          });
          if (signal === 'SIGKILL') kills += 1;
          applied = await recordedIsThere(url);
          halfway.add(applied);
        }
        await converges(url, folder, backups, plain);
        await drop();
      }
      const between = [...halfway].filter((applied) => applied > 0 && applied < MIGRATIONS + 1);
      assert.ok(between.length > Math.min(5, RANDOM_KILLS / 4), `killed between: ${between.sort((a, b) => a - b)}`);
      console.log(
        `      ${kills} kills left ${halfway.size} different places: ${[...halfway].sort((a, b) => a - b).join(' ')}`,
      );
    });

    if (dialect === 'postgres') {
      it('while the server works on a message of many: the next run waits, and none is run twice or lost', async () => {
        const { url, drop } = await temporaryDatabase(dialect);
        const folder = await ledgerMigrations(FEW * 5, []);
        const slow = FEW * 3;
        const file = join(folder, `${String(slow).padStart(3, '0')}_step.sql`);
        const text = await readFile(file, 'utf8');
        await writeFile(file, text.replace('INSERT', 'SELECT pg_sleep(0.15);\nINSERT'));
        const backups = await temporaryFolder('backups');
        const killed = await runProcess(url, requestFor(folder, backups, plain), {
          when: (event) => event.type === 'progress' && event.progress.step === 'apply' && event.progress.done >= slow,
        });
        assert.equal(killed.signal, 'SIGKILL', killed.report?.message);
        const applied = await recordedIsThere(url);
        assert.ok(applied >= slow, `${applied} are applied`);
        await converges(url, folder, backups, { ...plain, count: FEW * 5 });
        await drop();
      });
    }

    /** After a kill: each migration is whole and recorded, or neither. How many are. */
    async function recordedIsThere(url: string): Promise<number> {
      return look(url, async (database) => {
        // The server may still be at work on what the killed process sent last; the next run waits for it here too.
        const lock = await database.lock({ waitMs: 30_000, runId: 'after the kill', holder: 'test' });
        const history = await database.history.read();
        await lock.release();
        if (history.length === 0) return 0;
        const rows = await query<{ migration: number; n: number }>(
          database,
          'SELECT migration, (SELECT count(*) FROM control WHERE id / 1000 = migration) AS n FROM ledger ORDER BY migration',
        );
        assert.deepEqual(
          rows.map(({ migration, n }) => [migration, Number(n)]),
          Array.from({ length: history.length - 1 }, (_, i) => [i + 1, 40]),
        );
        return history.length;
      });
    }
  });
}
