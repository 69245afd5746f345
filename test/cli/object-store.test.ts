/** The commands with an object store and encryption, as a user types them. */
import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ageKey, hasAge } from '../backups/age-keys.ts';
import { contentHashOf, runSql, targetOf } from '../backups/fixtures.ts';
import { temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { AVAILABLE_OBJECT_STORES, CREDENTIALS, sharedObjectStore } from '../support/object-store.ts';
import { dbManager } from './process.ts';

const ORDERS = '-- migrate:up\nCREATE TABLE orders (id INTEGER PRIMARY KEY);\n-- migrate:down\nDROP TABLE orders;\n';
const TOTAL =
  '-- migrate:up\nALTER TABLE orders ADD COLUMN total INTEGER;\n-- migrate:down\nALTER TABLE orders DROP COLUMN total;\n';

for (const dialect of ['sqlite'] as const) {
  (AVAILABLE_OBJECT_STORES.includes('versitygw') && hasAge() ? describe : describe.skip)(
    `commands with an encrypted object store, ${dialect}`,
    function () {
      this.timeout(240_000);

      it('safe-migrate rehearses on a copy from the bucket; another machine restores with bucket and identity alone', async () => {
        const store = await sharedObjectStore('versitygw');
        const { recipient, file } = await ageKey();
        const { url, drop } = await temporaryDatabase(dialect);
        const other = await temporaryDatabase(dialect);
        const project = await temporaryFolder('project');
        const migrations = join(project, 'migrations');
        await mkdir(migrations);
        await writeFile(join(migrations, '1_orders.sql'), ORDERS);
        const place = store.place(`cli/${dialect}`);
        const given = ['--database-url', url, '--migrations', migrations, '--backups', place];
        const encrypted = [...given, '--recipients', recipient, '--identity', file];
        const run = await dbManager(['safe-migrate', '--json', ...encrypted], CREDENTIALS, project);
        assert.equal(run.code, 0, run.stderr + run.stdout);
        await runSql(targetOf(url), 'INSERT INTO orders (id) VALUES (1), (2)');
        await writeFile(join(migrations, '2_total.sql'), TOTAL);
        const second = await dbManager(['safe-migrate', '--json', ...encrypted], CREDENTIALS, project);
        assert.equal(second.code, 0, second.stderr + second.stdout);
        assert.match(second.stdout, /"step": ?"rehearse",\s*"kind": ?"done"/);
        const taken = await dbManager(['backup', ...given, '--recipients', recipient], CREDENTIALS, project);
        assert.equal(taken.code, 0, taken.stderr);
        // The restore adds its own row to the runs of the database.
        const without = ['db_manager_runs'];
        const before = await contentHashOf(targetOf(url), without);

        // Another machine: an empty folder, an empty HOME, no settings of the first.
        const home = await temporaryFolder('home');
        const fresh = { ...CREDENTIALS, HOME: home, XDG_CONFIG_HOME: home, TMPDIR: await temporaryFolder('tmp') };
        const list = await dbManager(['list-backups', '--json', '--backups', place], fresh, home);
        assert.equal(list.code, 0, list.stderr);
        const into = ['--backups', place, '--into', other.url, '--force'];
        const refused = await dbManager(['restore', 'latest', ...into], fresh, home);
        assert.notEqual(refused.code, 0);
        assert.match(refused.stderr, /is encrypted\. Give the identity/);
        const restored = await dbManager(['restore', 'latest', ...into, '--identity', file], fresh, home);
        assert.equal(restored.code, 0, restored.stderr + restored.stdout);
        assert.equal(await contentHashOf(targetOf(other.url), without), before);
        assert.deepEqual(await readdir(fresh.TMPDIR), []);
        await drop();
        await other.drop();
      });
    },
  );
}
