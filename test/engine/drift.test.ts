import assert from 'node:assert/strict';
import { compareLive } from '../../src/engine/drift.ts';
import { runSql } from '../backups/fixtures.ts';
import { temporaryDatabase } from '../support/databases.ts';
import { look, query, targetOf } from './request.ts';

describe('the SQL that undoes drift', function () {
  this.timeout(120_000);

  it('is one script, and one statement for each difference, also for the sequence of a serial column', async () => {
    const { url } = await temporaryDatabase('postgres');
    const run = (sql: string) => runSql(targetOf(url), sql);
    await run(
      'CREATE TABLE "A b" (id serial PRIMARY KEY, n int DEFAULT 1); INSERT INTO "A b" (n) VALUES (1), (2), (3); DELETE FROM "A b" WHERE n = 3;',
    );
    await look(url, async (database) => {
      const wanted = await database.snapshot();
      const drift = async () => compareLive(database, wanted, await database.snapshot(), []);
      for (const [by, count] of [
        ['ALTER TABLE "A b" ALTER COLUMN id DROP DEFAULT', 1],
        ['ALTER TABLE "A b" ALTER COLUMN id DROP DEFAULT, ALTER COLUMN n SET DEFAULT 2', 2],
        ['ALTER SEQUENCE "A b_id_seq" OWNED BY NONE', 2],
        ['ALTER SEQUENCE "A b_id_seq" OWNED BY NONE; ALTER TABLE "A b" ALTER COLUMN id DROP DEFAULT', 1],
        ['ALTER TABLE "A b" ALTER COLUMN id DROP DEFAULT; DROP SEQUENCE "A b_id_seq"', 1],
        ['CREATE SEQUENCE "A b_n_seq"', 1],
      ] as const) {
        for (const way of ['whole', 'each']) {
          await run(by);
          const { differences, sql, ignored } = await drift();
          assert.deepEqual([differences.length, ignored], [count, 0], `${by}: ${JSON.stringify(differences)}`);
          const scripts = way === 'whole' ? [sql] : differences.map((one) => one.sql);
          for (const script of scripts) await run(`${script.join(';\n')};`);
          assert.deepEqual((await drift()).differences, [], `${by}, ${way}: ${JSON.stringify(scripts)}`);
        }
        // A number that was given is not given again, as long as its sequence exists.
        await run('INSERT INTO "A b" (n) VALUES (9); DELETE FROM "A b" WHERE id > 3 AND n <> 9');
        const [row] = await query<{ id: number }>(database, 'SELECT max(id)::int AS id FROM "A b"');
        assert.ok(by.includes('DROP SEQUENCE') || Number(row?.id) > 3, `${by}: ${row?.id}`);
      }
    });
  });
});
