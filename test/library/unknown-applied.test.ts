import assert from 'node:assert/strict';
import { ProblemError } from '../../src/core/model/problem.ts';
import { upgradeDatabase } from '../../src/library/migrate.ts';
import { type SafeMigrateOptions, safeMigrate } from '../../src/library/safe-migrate.ts';
import { waitForRevision } from '../../src/library/wait.ts';
import { DIALECTS } from '../support/databases.ts';
import { casesFor } from '../support/sizes.ts';
import {
  COMPATIBLE,
  type Deployment,
  deployment,
  execute,
  INCOMPATIBLE,
  sql,
  VERSION_1,
} from './going-back-fixtures.ts';

type Policy = 'Refuse' | 'Accept' | 'Downgrade';

/** Version 2 has been applied, and the files are those of version 1 again. */
async function rolledBack(dialect: Deployment['dialect'], version2: Record<string, string>): Promise<Deployment> {
  const here = await deployment(dialect, version2);
  await upgradeDatabase(here.options);
  await here.look((database) => execute(database, "INSERT INTO orders (id, customer) VALUES (1, 'a')"));
  await here.deploy(VERSION_1);
  return here;
}

function run(here: Deployment, options: Partial<SafeMigrateOptions> = {}) {
  return safeMigrate({ ...here.options, ...options });
}

/** Columns of each table, and the applied revisions. */
function content(here: Deployment) {
  return here.look(async (database) => ({
    tables: (await database.snapshot()).tables.map(({ name, columns }) => `${name}: ${columns.map((one) => one.name)}`),
    history: (await database.history.read()).map(({ revision }) => revision as string),
    rows: [...(await database.rowCounts()).values()],
  }));
}

async function waited(here: Deployment, unknownApplied?: Policy) {
  const { databaseUrl, migrations, config, cwd, env } = here.options;
  const options = { databaseUrl, migrations, config, cwd, env, timeout: 1, unknownApplied };
  try {
    const { reached, reason, why } = await waitForRevision(options);
    return `${reached ? 'reached' : 'timeout'} ${reason ?? ''} ${why ?? ''}`;
  } catch (error) {
    if (error instanceof ProblemError) return error.problem.reason;
    throw error;
  }
}

for (const dialect of DIALECTS) {
  describe(`version 1 on a database of version 2 on ${dialect}`, function () {
    this.timeout(180_000);

    it('is accepted by default if it can run with it: run, upgrade and wait; nothing changes', async () => {
      const here = await rolledBack(dialect, COMPATIBLE);
      const before = await content(here);
      const report = await run(here);
      assert.deepEqual([report.result, report.reason, report.touched], ['succeeded', 'AheadOfFiles', false]);
      assert.match(report.message, /at 0002_invoices and the files end with 0001_orders/);
      assert.deepEqual((await upgradeDatabase(here.options)).migrations, []);
      assert.match(await waited(here), /^reached AheadOfFiles the database is newer than the files: 0002_invoices is/);
      assert.deepEqual(await content(here), before);
    });

    it('is refused if it cannot run with it, with the statement and why, by run, upgrade and wait', async () => {
      const here = await rolledBack(dialect, INCOMPATIBLE);
      const before = await content(here);
      const report = await run(here);
      assert.deepEqual([report.result, report.reason, report.retry], ['blocked', 'IncompatibleMigration', 'never']);
      assert.match(report.message, /0002_drop_note drops the column orders\.note: ALTER TABLE orders DROP COLUMN note/);
      assert.equal(report.failure?.migration, '0002_drop_note');
      await assert.rejects(upgradeDatabase(here.options), /older code may not be able to run with it/);
      assert.equal(await waited(here), 'IncompatibleMigration');
      assert.deepEqual(await content(here), before);
    });

    for (const version2 of [COMPATIBLE, INCOMPATIBLE]) {
      it(`is refused by Refuse: ${Object.keys(version2)[1]}`, async () => {
        const here = await rolledBack(dialect, version2);
        const before = await content(here);
        const report = await run(here, { unknownApplied: 'Refuse' });
        assert.deepEqual([report.result, report.reason], ['blocked', 'MissingMigration']);
        assert.equal(await waited(here, 'Refuse'), 'MissingMigration');
        assert.deepEqual(await content(here), before);
      });

      it(`reverts with Downgrade, with backup, rehearsal and round trip: ${Object.keys(version2)[1]}`, async () => {
        const here = await rolledBack(dialect, version2);
        assert.match(await waited(here, 'Downgrade'), /^timeout {2}0002_\w+ is applied .*waiting until reverted/);
        // The new column has a default, so the row has a value that would be lost.
        const refused = await run(here, { unknownApplied: 'Downgrade' });
        const approvedPlan = refused.plan?.digest;
        if (version2 === COMPATIBLE) {
          assert.equal(refused.reason, 'RowsLost');
          assert.match(refused.message, /values of orders\.state in 1 row \(0002_invoices\).*--approve sha256:/);
          assert.equal((await content(here)).history.length, 2, 'nothing was reverted');
        }
        const report =
          version2 === COMPATIBLE ? await run(here, { unknownApplied: 'Downgrade', approvedPlan }) : refused;
        assert.deepEqual([report.result, report.reason], ['succeeded', 'Reverted'], report.message);
        assert.ok(report.backup !== undefined);
        assert.equal(report.rehearsal?.result, 'Full');
        assert.equal(report.rehearsal?.roundTrip, 'passed');
        assert.deepEqual(await content(here), {
          tables: ['orders: id,customer,note'],
          history: ['0001_orders'],
          rows: [1],
        });
        assert.equal((await run(here, { unknownApplied: 'Downgrade' })).reason, 'UpToDate');
        assert.match(await waited(here, 'Downgrade'), /^reached/);
      });
    }

    it('reverts tables that are empty without an approval, and counts those that are not', async () => {
      const version2 = {
        ...VERSION_1,
        '0002_a.sql': sql('CREATE TABLE a (id integer);', 'DROP TABLE a;'),
        '0003_b.sql': sql('CREATE TABLE b (id integer);', 'DROP TABLE b;'),
      };
      const here = await rolledBack(dialect, version2);
      await here.look((database) => execute(database, 'INSERT INTO b (id) VALUES (1), (2)'));
      const refused = await run(here, { unknownApplied: 'Downgrade' });
      assert.equal(refused.reason, 'RowsLost');
      assert.match(refused.message, /would lose 2 rows of b \(0003_b\)\. No changes were made/);
      assert.doesNotMatch(refused.message, /rows of a/);
      await here.look((database) => execute(database, 'DELETE FROM b'));
      assert.equal((await run(here, { unknownApplied: 'Downgrade' })).reason, 'Reverted');
    });

    it('finds rows that a condition in the down deletes, by the rehearsal', async () => {
      const version2 = {
        ...VERSION_1,
        '0002_vip.sql': sql("INSERT INTO orders (id, customer) VALUES (7, 'vip');", 'DELETE FROM orders WHERE id = 7;'),
      };
      const here = await rolledBack(dialect, version2);
      const refused = await run(here, { unknownApplied: 'Downgrade' });
      assert.equal(refused.reason, 'RowsLost', refused.message);
      assert.match(refused.message, /1 row of orders \(0002_vip\)/);
      assert.deepEqual((await content(here)).rows, [2]);
      assert.equal(
        (await run(here, { unknownApplied: 'Downgrade', approvedPlan: refused.plan?.digest })).reason,
        'Reverted',
      );
    });

    const STATE = "await context.addColumn('orders', 'state', { type: 'TEXT', defaultValue: 'new' });";
    const RENAME = "await context.renameColumn('orders', 'customer', 'client');";
    const module = (up: string, down: string) =>
      `export async function up({ context }) { ${up} }\nexport async function down({ context }) { ${down} }\n`;
    const VALUES: [string, Record<string, string>, RegExp | undefined][] = [
      [
        'code',
        { '0002_state.mjs': module(STATE, "await context.removeColumn('orders', 'state');") },
        /values of orders\.state in 1 row/,
      ],
      [
        'raw SQL in code, one of two',
        {
          '0002_state.mjs': module(
            `${STATE} await context.addColumn('orders', 'empty', { type: 'TEXT' });`,
            "for (const one of ['state', 'empty']) await context.sequelize.query('ALTER TABLE orders DROP COLUMN ' + one);",
          ),
        },
        /would lose values of orders\.state in 1 row \(0002_state\)\. No changes/,
      ],
      ...(dialect === 'postgres'
        ? ([
            [
              'a DO block',
              {
                '0002_state.sql': sql(
                  "ALTER TABLE orders ADD COLUMN state text DEFAULT 'new';",
                  'DO $$ BEGIN ALTER TABLE orders DROP COLUMN state; END $$;',
                ),
              },
              /values of orders\.state in 1 row/,
            ],
            [
              'a type with CASCADE',
              {
                '0002_state.sql': sql(
                  "CREATE TYPE state AS ENUM ('new'); ALTER TABLE orders ADD COLUMN state state DEFAULT 'new';",
                  'DROP TYPE state CASCADE;',
                ),
              },
              /values of orders\.state in 1 row/,
            ],
          ] as [string, Record<string, string>, RegExp][])
        : []),
      [
        'code that gives the column its old name back',
        { '0002_client.mjs': module(RENAME, "await context.renameColumn('orders', 'client', 'customer');") },
        undefined,
      ],
    ];
    for (const [how, added, lost] of casesFor(VALUES, 3)) {
      it(`counts the values of columns that are removed by ${how}`, async () => {
        const here = await deployment(dialect, { ...VERSION_1, ...added });
        await upgradeDatabase(here.options);
        const customer = lost === undefined ? 'client' : 'customer';
        await here.look((database) => execute(database, `INSERT INTO orders (id, ${customer}) VALUES (1, 'a')`));
        await here.deploy(VERSION_1);
        const report = await run(here, { unknownApplied: 'Downgrade' });
        if (lost === undefined) return assert.equal(report.reason, 'Reverted', report.message);
        assert.equal(report.reason, 'RowsLost', report.message);
        assert.match(report.message, lost);
        assert.equal((await content(here)).history.length, 2, 'nothing was reverted');
        const approvedPlan = report.plan?.digest;
        assert.equal((await run(here, { unknownApplied: 'Downgrade', approvedPlan })).reason, 'Reverted');
      });
    }

    /** Migrations of version 1, those of version 2, rows of version 2, and what a downgrade would lose. */
    interface Moves {
      how: string;
      base?: string;
      up: string;
      down: string;
      rows: string;
      lost?: RegExp;
      not?: RegExp;
    }
    const STATE_SQL = "ALTER TABLE orders ADD COLUMN state text DEFAULT 'new';";
    const ROW = "INSERT INTO orders (id, customer) VALUES (1, 'a')";
    const SALE = "INSERT INTO sales (id, customer) VALUES (1, 'a')";
    const LOG = `CREATE TABLE log (part integer NOT NULL, note text) PARTITION BY LIST (part);
CREATE TABLE log_1 PARTITION OF log FOR VALUES IN (1);`;
    const ATTACH = 'ALTER TABLE log ATTACH PARTITION';
    const MOVES: Moves[] = [
      {
        how: 'a table gets its old name back',
        up: 'ALTER TABLE orders RENAME TO sales;',
        down: 'ALTER TABLE sales RENAME TO orders;',
        rows: SALE,
      },
      {
        how: 'a column of a table is dropped that got its old name back',
        up: `${STATE_SQL} ALTER TABLE orders RENAME TO sales;`,
        down: 'ALTER TABLE sales RENAME TO orders; ALTER TABLE orders DROP COLUMN state;',
        rows: SALE,
        lost: /would lose values of sales\.state in 1 row \(0003_x\)/,
        not: /row of sales/,
      },
      {
        how: 'a column is dropped that was renamed',
        up: STATE_SQL,
        down: 'ALTER TABLE orders RENAME COLUMN state TO old; ALTER TABLE orders DROP COLUMN old;',
        rows: ROW,
        lost: /values of orders\.state in 1 row/,
      },
      {
        how: 'a table is dropped that was renamed',
        up: 'CREATE TABLE carts (id integer);',
        down: 'ALTER TABLE carts RENAME TO old; ALTER TABLE old RENAME TO older; DROP TABLE older;',
        rows: 'INSERT INTO carts (id) VALUES (1), (2)',
        lost: /2 rows of carts/,
      },
    ];
    if (dialect === 'postgres')
      MOVES.push(
        {
          how: 'a DO block drops a column of a table with partitions, which are not counted again',
          base: LOG,
          up: "ALTER TABLE log ADD COLUMN state text DEFAULT 'new';",
          down: 'DO $$ BEGIN ALTER TABLE log DROP COLUMN state; END $$;',
          rows: 'INSERT INTO log (part) VALUES (1), (1)',
          lost: /would lose values of log\.state in 2 rows \(0003_x\)\./,
        },
        {
          how: 'a DO block drops a column of a table that it renamed',
          up: `${STATE_SQL} ALTER TABLE orders RENAME TO sales;`,
          down: 'DO $$ BEGIN ALTER TABLE sales RENAME TO orders; ALTER TABLE orders DROP COLUMN state; END $$;',
          rows: SALE,
          lost: /would lose values of sales\.state in 1 row \(0003_x\)\./,
        },
        {
          how: 'a partition is detached',
          base: `${LOG}\nCREATE TABLE log_2 (LIKE log);`,
          up: `${ATTACH} log_2 FOR VALUES IN (2);`,
          down: 'ALTER TABLE log DETACH PARTITION log_2;',
          rows: 'INSERT INTO log (part) VALUES (1), (2)',
        },
        {
          how: 'a partition is attached',
          base: LOG,
          up: 'ALTER TABLE log DETACH PARTITION log_1;',
          down: `${ATTACH} log_1 FOR VALUES IN (1);`,
          rows: 'INSERT INTO log_1 (part) VALUES (1)',
        },
        {
          how: 'a partition is dropped',
          base: LOG,
          up: 'CREATE TABLE log_2 PARTITION OF log FOR VALUES IN (2);',
          down: 'DROP TABLE log_2;',
          rows: 'INSERT INTO log (part) VALUES (1), (2)',
          lost: /1 row of log_2/,
        },
        {
          how: 'a schema is dropped',
          up: 'CREATE SCHEMA shop; CREATE TABLE shop.carts (id integer);',
          down: 'DROP SCHEMA shop CASCADE;',
          rows: 'INSERT INTO shop.carts (id) VALUES (1)',
          lost: /the content of the schema shop/,
        },
      );
    for (const { how, base, up, down, rows, lost, not } of casesFor(MOVES, 4)) {
      it(`counts what is lost where ${how}`, async () => {
        const version1 = { ...VERSION_1, ...(base === undefined ? {} : { '0002_log.sql': sql(base, 'SELECT 1;') }) };
        const here = await deployment(dialect, { ...version1, '0003_x.sql': sql(up, down) });
        await upgradeDatabase(here.options);
        await here.look((database) => execute(database, rows));
        await here.deploy(version1);
        const report = await run(here, { unknownApplied: 'Downgrade' });
        if (lost === undefined) return assert.equal(report.reason, 'Reverted', report.message);
        assert.equal(report.reason, 'RowsLost', report.message);
        assert.match(report.message, lost);
        if (not !== undefined) assert.doesNotMatch(report.message, not);
        // Also without a rehearsal that measures it.
        const unmeasured = await run(here, { unknownApplied: 'Downgrade', rehearsal: 'Disabled' });
        assert.equal(unmeasured.reason, 'RowsLost', unmeasured.message);
        assert.equal((await content(here)).history.length, Object.keys(version1).length + 1, 'nothing was reverted');
      });
    }

    it('needs an approval where a rehearsal did not measure what a down deletes', async () => {
      const create = "await context.createTable('carts', { id: { type: 'INTEGER', primaryKey: true } });";
      for (const [name, text, what] of [
        [
          '0002_carts.mjs',
          module(create, "await context.dropTable('carts');"),
          /the rows that its code deletes \(not counted\)/,
        ],
        [
          '0002_note.sql',
          sql('SELECT 1;', "DELETE FROM orders WHERE customer = 'a';"),
          /one of its statements deletes/,
        ],
      ] as const) {
        const here = await rolledBack(dialect, { ...VERSION_1, [name]: text });
        const off = { unknownApplied: 'Downgrade', rehearsal: 'Disabled' } as const;
        const refused = await run(here, off);
        assert.equal(refused.reason, 'RowsLost', refused.message);
        assert.match(refused.message, what);
        assert.equal((await run(here, { ...off, approvedPlan: refused.plan?.digest })).reason, 'Reverted');
      }
    });

    it('is waited for while a newer migration is not finished, in every state that a crash leaves', async () => {
      for (const state of ['started', 'reverting']) {
        const here = await rolledBack(dialect, COMPATIBLE);
        assert.match(await waited(here, 'Accept'), /^reached/);
        const change = `UPDATE db_manager_history SET state = '${state}' WHERE revision LIKE '0002%'`;
        await here.look((database) => execute(database, change));
        for (const policy of ['Accept', 'Downgrade', 'Refuse'] as const)
          assert.match(
            await waited(here, policy),
            /^timeout .*not finished: a run is in progress, or it was interrupted/,
          );
        assert.equal((await run(here)).reason, 'InterruptedMigration');
      }
    });

    it('changes nothing if the stored down fails: the rehearsal finds it', async () => {
      const broken = { ...VERSION_1, '0002_x.sql': sql('CREATE TABLE x (id integer);', 'DROP TABLE no_such_table;') };
      const here = await rolledBack(dialect, broken);
      const before = await content(here);
      const report = await run(here, { unknownApplied: 'Downgrade' });
      assert.equal(report.reason, 'RehearsalFailed', report.message);
      assert.match(report.message, /no_such_table/);
      assert.deepEqual(await content(here), before);
    });

    it('is refused if there is no down, or no text, or the text is damaged; Accept refuses the last two', async () => {
      const version2 = { ...VERSION_1, '0002_x.sql': sql('CREATE TABLE x (id integer);') };
      const here = await rolledBack(dialect, version2);
      assert.equal((await run(here, { unknownApplied: 'Downgrade' })).reason, 'IrreversibleMigration');
      assert.equal((await run(here)).reason, 'AheadOfFiles');
      await here.look((database) =>
        execute(database, "UPDATE db_manager_history SET source_digest = 'sha256:0' WHERE revision = '0002_x'"),
      );
      for (const unknownApplied of ['Accept', 'Downgrade'] as const)
        assert.equal((await run(here, { unknownApplied })).reason, 'StoredSourceInvalid');
      await here.look((database) =>
        execute(
          database,
          "UPDATE db_manager_history SET source = NULL, source_format = NULL WHERE revision = '0002_x'",
        ),
      );
      for (const unknownApplied of ['Accept', 'Downgrade'] as const) {
        const report = await run(here, { unknownApplied });
        assert.equal(report.reason, 'MissingMigration');
        assert.match(report.message, /no text is stored for it.*repair --store-sources/);
      }
    });

    it('judges code by what it sent, without running it, and reverts it with Downgrade', async () => {
      const code = (body: string) => `globalThis.storedCodeRan = (globalThis.storedCodeRan ?? 0) + 1;
export async function up({ context }) { ${body} }
export async function down({ context }) { await context.dropTable('carts'); }
`;
      const create = "await context.createTable('carts', { id: { type: 'INTEGER', primaryKey: true } });";
      const here = await rolledBack(dialect, { ...VERSION_1, '0002_carts.mjs': code(create) });
      const times = () => (globalThis as { storedCodeRan?: number }).storedCodeRan ?? 0;
      const before = times();
      assert.equal((await run(here)).reason, 'AheadOfFiles');
      assert.equal(times(), before, 'the stored code was not even imported');
      assert.equal((await run(here, { unknownApplied: 'Downgrade' })).reason, 'Reverted');
      assert.ok(times() > before);
      const drops = `${create} await context.removeColumn('orders', 'note');`;
      const other = await rolledBack(dialect, { ...VERSION_1, '0002_carts.mjs': code(drops) });
      assert.equal((await run(other)).reason, 'IncompatibleMigration');
    });

    const SENT: [sends: string, accepted: boolean][] =
      dialect === 'sqlite'
        ? [
            ['ALTER TABLE orders DROP COLUMN note -- ; SELECT 1', false],
            ['/* from app */ CREATE TABLE carts (id integer)', true],
          ]
        : [
            ["ANALYZE; DO $$ BEGIN EXECUTE 'ALTER TABLE orders DROP COLUMN note'; END $$", false],
            ["INSERT INTO orders VALUES (7, 'a;b'); ALTER TABLE orders DROP COLUMN note;", false],
            ['SELECT 1; -- nothing; else\nDROP TABLE orders CASCADE', false],
            [
              'CREATE TABLE carts (id int); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$; ANALYZE',
              true,
            ],
            [
              'CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ ALTER TABLE orders DROP COLUMN note $$; SELECT f()',
              false,
            ],
            [
              'CREATE SCHEMA s; SET search_path TO s; CREATE TABLE orders (id int); SET search_path TO public; DROP TABLE orders',
              false,
            ],
            ['SELECT version(), count(*) FROM orders; SELECT now(), current_database()', true],
          ];
    for (const [sends, accepted] of SENT) {
      it(`${accepted ? 'accepts' : 'refuses'} code that sends in one text: ${sends}`, async () => {
        const code = `export async function up({ context }) { await context.sequelize.query(${JSON.stringify(sends)}); }\n`;
        const here = await deployment(dialect, { ...VERSION_1, '0002_code.mjs': code });
        await upgradeDatabase(here.options);
        await here.deploy(VERSION_1);
        const { reason, message } = await run(here);
        assert.equal(reason, accepted ? 'AheadOfFiles' : 'IncompatibleMigration', message);
      });
    }

    it('with pending files is another branch, and is refused by every policy', async () => {
      const here = await rolledBack(dialect, COMPATIBLE);
      await here.deploy({ ...VERSION_1, '0003_other.sql': sql('CREATE TABLE o (id integer);', 'DROP TABLE o;') });
      for (const unknownApplied of ['Accept', 'Downgrade', 'Refuse'] as const)
        assert.equal((await run(here, { unknownApplied })).reason, 'MissingMigration');
    });

    it('of plain upgrade with Downgrade is refused, and the message names safe-migrate', async () => {
      const here = await rolledBack(dialect, COMPATIBLE);
      await assert.rejects(
        upgradeDatabase({ ...here.options, unknownApplied: 'Downgrade' }),
        /reverts only with a backup: db-manager safe-migrate/,
      );
    });
  });
}
