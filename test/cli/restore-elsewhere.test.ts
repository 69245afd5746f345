/** A backup of one machine on another, which has only the bucket, the identity and db-manager: PostgreSQL. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ageKey, hasAge } from '../backups/age-keys.ts';
import { contentHashOf, targetOf } from '../backups/fixtures.ts';
import { temporaryFolder } from '../support/databases.ts';
import { AVAILABLE_OBJECT_STORES, CREDENTIALS, sharedObjectStore } from '../support/object-store.ts';
import { sharedPostgres, startPostgres } from '../support/postgres.ts';
import { MAIN } from '../support/program.ts';
import { dbManager, type Output } from './process.ts';

/** With these variables and no others. */
async function onlyWith(env: Record<string, string>, cwd: string, args: string[]): Promise<Output> {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, env });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (data) => {
      output[name] += data;
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}

(AVAILABLE_OBJECT_STORES.includes('versitygw') && hasAge() ? describe : describe.skip)(
  'another machine, another server of PostgreSQL',
  function () {
    this.timeout(240_000);

    it('lists, verifies and restores the backups of the bucket, and reports missing roles', async () => {
      const store = await sharedObjectStore('versitygw');
      const { recipient, file } = await ageKey();
      const place = store.place('elsewhere');
      const first = await sharedPostgres();
      const made = await first.createDatabase('elsewhere');
      const reader = `reader_${made.name}`;
      await first.query(
        `CREATE ROLE ${reader};
         CREATE SCHEMA "Sales – 2026";
         CREATE TABLE "Sales – 2026".orders AS SELECT i AS id, 'grün ' || i AS note FROM generate_series(1, 500) i;
         CREATE VIEW totals AS SELECT count(*) AS n FROM "Sales – 2026".orders;
         GRANT SELECT ON totals TO ${reader}`,
        [],
        made.name,
      );
      const second = await startPostgres();
      try {
        const given = ['--database-url', made.url, '--backups', place, '--recipients', recipient];
        const taken = await dbManager(['backup', ...given], CREDENTIALS, await temporaryFolder('first'));
        assert.equal(taken.code, 0, taken.stderr);
        await made.drop();

        const home = await temporaryFolder('second');
        const env = { ...CREDENTIALS, PATH: process.env.PATH ?? '', HOME: home, TMPDIR: await temporaryFolder('tmp') };
        const identity = join(home, 'identity.txt');
        await writeFile(identity, await readFile(file), { mode: 0o600 });
        const run = (...args: string[]) => onlyWith(env, home, [...args, '--backups', place]);
        const listed = await run('list-backups');
        assert.equal(listed.code, 0, listed.stderr);
        assert.match(listed.stdout, new RegExp(made.name));
        const verified = await run('verify-backup', 'latest', '--identity', identity);
        assert.equal(verified.code, 0, verified.stderr);

        const other = await second.createDatabase('landing');
        const into = ['--into', other.url, '--force'];
        const withoutIdentity = await run('restore', 'latest', ...into);
        assert.match(withoutIdentity.stderr, /is encrypted\. Give the identity/);
        const restored = await run('restore', 'latest', ...into, '--identity', identity);
        assert.equal(restored.code, 0, restored.stderr + restored.stdout);
        assert.match(restored.stderr, new RegExp(reader), 'the role that is missing here is named');
        const rows = await second.query('SELECT n::int AS n FROM totals', [], other.name);
        assert.deepEqual(rows, [{ n: 500 }]);
        assert.deepEqual(await readdir(env.TMPDIR), []);

        // Then as an independent database: a backup of it, restored without --into.
        const own = ['--database-url', other.url];
        assert.equal((await run('backup', ...own)).code, 0);
        const before = await contentHashOf(targetOf(other.url), ['db_manager_runs']);
        await second.query('DELETE FROM "Sales – 2026".orders', [], other.name);
        const back = await run('restore', 'latest', '--force', ...own);
        assert.equal(back.code, 0, back.stderr);
        assert.equal(await contentHashOf(targetOf(other.url), ['db_manager_runs']), before);
      } finally {
        await second.stop();
        await first.query(`DROP ROLE IF EXISTS ${reader}`).catch(() => {});
      }
    });
  },
);
