import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { databaseWith, rowsOf, textOf } from './fixtures.ts';

const ROWS = 150_000;
const SCHEMA = `
CREATE TABLE big (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL, CHECK (length(body) > 0));
CREATE INDEX big_body ON big (body);
CREATE TABLE child (id INTEGER PRIMARY KEY, big_id INTEGER NOT NULL REFERENCES big (id) ON DELETE CASCADE);
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
  INSERT INTO big (id, body) SELECT i, 'row ' || i || hex(randomblob(20)) FROM n;
INSERT INTO child SELECT id, id FROM big WHERE id % 100 = 0;`;

/** Kills the process some time after it has begun; true where it was still at work. */
async function kill(file: string, transaction: 'with' | 'without', afterMs: number): Promise<boolean> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'rebuild-child.ts'), file, transaction], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  await once(child.stdout, 'data');
  await sleep(afterMs);
  child.kill('SIGKILL');
  const [, signal] = await exit;
  return signal === 'SIGKILL';
}

describe('a SQLite rebuild that is killed with SIGKILL', function () {
  this.timeout(120_000);

  for (const transaction of ['with', 'without'] as const) {
    it(`leaves the table whole, ${transaction} a transaction of the migration`, async () => {
      const file = await databaseWith(SCHEMA);
      const before = await textOf(file, 'big');
      let kills = 0;
      for (const afterMs of [40, 120, 220, 350, 500]) {
        if (await kill(file, transaction, afterMs)) kills += 1;
        const text = await textOf(file, 'big');
        assert.ok(text === before || text?.includes('VARCHAR(200)'), text);
        assert.deepEqual(await rowsOf(file, 'SELECT count(*) AS n, max(id) AS top FROM big'), [{ n: ROWS, top: ROWS }]);
        assert.deepEqual(await rowsOf(file, 'SELECT count(*) AS n FROM child'), [{ n: ROWS / 100 }]);
        assert.deepEqual(await rowsOf(file, "SELECT name FROM sqlite_schema WHERE name LIKE '%db_manager_new%'"), []);
        assert.deepEqual(await rowsOf(file, "SELECT name FROM sqlite_schema WHERE name = 'big_body'"), [
          { name: 'big_body' },
        ]);
        assert.deepEqual(await rowsOf(file, 'PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
      }
      assert.ok(kills > 0, 'at least one process was killed at work');
    });
  }
});
