import assert from 'node:assert/strict';
import { DIALECTS, hostedProject, type Project } from './fixtures.ts';

interface Entry {
  revision: string;
  state: string;
}

async function states(here: Project): Promise<string[]> {
  const migrations = await here.json<Entry[]>('migrate', 'history');
  return migrations.map(({ revision, state }) => `${revision} ${state}`);
}

for (const dialect of DIALECTS) {
  describe(`repeatable migrations of Flyway on ${dialect}`, function () {
    this.timeout(180_000);
    let here: Project;

    const view = (columns: string) =>
      here.write(
        'migrations/R__orders_view.sql',
        `DROP VIEW IF EXISTS orders_view;\nCREATE VIEW orders_view AS SELECT ${columns} FROM orders;\n`,
      );

    before(async () => {
      here = await hostedProject(dialect);
      await here.write('migrations/V1__orders.sql', 'CREATE TABLE orders (id integer PRIMARY KEY, note text);\n');
      await here.write('migrations/U1__orders.sql', 'DROP VIEW IF EXISTS orders_view;\nDROP TABLE orders;\n');
      await view('id');
      await here.run('init', '--no-tables');
    });

    it('run after the versioned ones', async () => {
      const done = await here.run('migrate', 'upgrade');
      assert.equal(done.code, 0, done.out + done.err);
      assert.match(
        done.err + done.out,
        /V1__orders[\s\S]*R__orders_view[\s\S]*2 migrations applied; the database is at V1__orders/,
      );
      assert.deepEqual(await states(here), ['V1__orders applied', 'R__orders_view applied']);
      assert.match((await here.run('migrate', 'upgrade')).out, /Nothing to do/);
    });

    it('are pending again once their file has changed, without being an edited migration', async () => {
      await here.write('migrations/V2__amount.sql', 'ALTER TABLE orders ADD COLUMN amount integer;\n');
      await here.write(
        'migrations/U2__amount.sql',
        'DROP VIEW IF EXISTS orders_view;\nALTER TABLE orders DROP COLUMN amount;\n',
      );
      await view('id, amount');
      const current = await here.run('migrate', 'current', '--json');
      assert.equal(current.code, 3, current.out);
      const { revision, head, pending } = JSON.parse(current.out);
      assert.deepEqual([revision, head, pending], ['V1__orders', 'V2__amount', ['V2__amount', 'R__orders_view']]);
      assert.deepEqual(await states(here), ['V1__orders applied', 'R__orders_view pending', 'V2__amount pending']);
      const sql = await here.run('migrate', 'sql');
      assert.match(sql.out, /ADD COLUMN amount[\s\S]*SELECT id, amount FROM orders/);
    });

    it('wait for the last versioned one where a target is given', async () => {
      await here.write('migrations/V3__last.sql', 'CREATE TABLE last (id integer PRIMARY KEY);\n');
      await here.write('migrations/U3__last.sql', 'DROP TABLE last;\n');
      const part = await here.run('migrate', 'upgrade', 'V2__amount');
      assert.match(part.out, /1 migration applied; the database is at V2__amount/);
      assert.deepEqual(await states(here), [
        'V1__orders applied',
        'R__orders_view pending',
        'V2__amount applied',
        'V3__last pending',
      ]);
    });

    it('go through every step of safe-migrate, and the replay gives the same schema', async () => {
      const done = await here.run('safe-migrate');
      assert.equal(done.code, 0, done.out + done.err);
      const valid = await here.run('validate');
      assert.equal(valid.code, 0, valid.out + valid.err);
      assert.equal((await here.run('migrate', 'current')).code, 0);
    });

    it('are not reverted with versioned ones, and are not valid targets', async () => {
      const down = await here.run('migrate', 'downgrade', '-1');
      assert.equal(down.code, 0, down.out + down.err);
      assert.match(down.out, /the database is at V2__amount/);
      const named = await here.run('migrate', 'upgrade', 'R__orders_view');
      assert.equal(named.code, 2);
      assert.match(named.err, /R__orders_view is repeatable/);
      assert.equal((await here.run('migrate', 'upgrade')).code, 0);
    });

    it('are recorded as they are by stamp', async () => {
      await view('amount, id');
      assert.equal((await here.run('migrate', 'stamp', 'head')).code, 0);
      assert.equal((await here.run('migrate', 'current')).code, 0);
      assert.equal((await here.run('migrate', 'stamp', 'V1__orders')).code, 0);
      assert.match((await here.run('migrate', 'current')).out, /V1__orders/);
    });
  });
}
