import assert from 'node:assert/strict';
import type { DriftDifference } from '../../src/engine/drift.ts';
import { takeBaseline } from '../../src/library/baseline.ts';
import { findDrift } from '../../src/library/drift.ts';
import { upgradeDatabase } from '../../src/library/migrate.ts';
import { safeMigrate } from '../../src/library/safe-migrate.ts';
import { DIALECTS, type TestDialect } from '../support/databases.ts';
import { deployment, execute, sql } from './going-back-fixtures.ts';

const FILES = {
  '0001_orders.sql': sql(
    `CREATE TABLE customers (id integer PRIMARY KEY, email text NOT NULL);
     CREATE TABLE orders (
       id integer PRIMARY KEY,
       customer integer NOT NULL REFERENCES customers (id),
       amount numeric(10,2) NOT NULL DEFAULT 0 CHECK (amount >= 0),
       note text,
       CONSTRAINT one_note UNIQUE (customer, note)
     );
     CREATE INDEX orders_amount ON orders (amount);
     CREATE VIEW large_orders AS SELECT id, amount FROM orders WHERE amount > 1000;`,
    'DROP VIEW large_orders; DROP TABLE orders; DROP TABLE customers;',
  ),
};

interface Change {
  what: string;
  by: string[];
  /** The messages of the differences. */
  found: RegExp[];
}

const CHANGES: Record<TestDialect, Change[]> = {
  sqlite: [
    {
      what: 'an index is dropped',
      by: ['DROP INDEX orders_amount'],
      found: [/^index of orders is missing \(\(amount\)\)$/],
    },
    {
      what: 'an index is added',
      by: ['CREATE INDEX by_hand ON orders (note)'],
      found: [/^index of orders is not expected \(\(note\)\)$/],
    },
    {
      what: 'a column is added',
      by: ['ALTER TABLE orders ADD COLUMN extra text'],
      found: [/^column orders\.extra is not expected/],
    },
    {
      what: 'a view is replaced',
      by: ['DROP VIEW large_orders', 'CREATE VIEW large_orders AS SELECT id, amount FROM orders WHERE amount > 10'],
      found: [/^view large_orders: definition is .*> 10.*, expected .*> 1000/],
    },
    {
      what: 'a table is added',
      by: ['CREATE TABLE by_hand (id integer PRIMARY KEY)'],
      found: [/^table by_hand is not expected/],
    },
    {
      what: 'a table is dropped',
      by: ['DROP VIEW large_orders', 'DROP TABLE orders'],
      found: [/^table orders is missing/, /^view large_orders is missing/],
    },
    {
      what: 'a trigger is added',
      by: ['CREATE TRIGGER t AFTER INSERT ON orders BEGIN UPDATE orders SET note = new.note WHERE id = new.id; END'],
      found: [/^trigger orders\.t is not expected/],
    },
  ],
  postgres: [
    {
      what: 'an index is dropped',
      by: ['DROP INDEX orders_amount'],
      found: [/^index of orders is missing \(\(amount\)\)$/],
    },
    {
      what: 'a column is added',
      by: ['ALTER TABLE orders ADD COLUMN extra text'],
      found: [/^column orders\.extra is not expected \(text\)$/],
    },
    {
      what: 'a column is dropped',
      by: ['ALTER TABLE customers DROP COLUMN email'],
      found: [/^column customers\.email is missing/],
    },
    {
      what: 'a constraint is altered',
      by: [
        'ALTER TABLE orders DROP CONSTRAINT orders_amount_check',
        'ALTER TABLE orders ADD CONSTRAINT orders_amount_check CHECK (amount >= -5)',
      ],
      found: [/^check of orders is missing/, /^check of orders is not expected/],
    },
    {
      what: 'a view is replaced',
      by: ['CREATE OR REPLACE VIEW large_orders AS SELECT id, amount FROM orders WHERE amount > 10'],
      found: [/^view large_orders: definition is .*expected/s],
    },
    {
      what: 'type, nullability, default and comment of a column change',
      by: [
        'ALTER TABLE orders ALTER COLUMN note TYPE varchar(200)',
        'ALTER TABLE orders ALTER COLUMN note SET NOT NULL',
        "ALTER TABLE orders ALTER COLUMN note SET DEFAULT ''",
        "COMMENT ON COLUMN orders.note IS 'by hand'",
      ],
      found: [/note: type/, /note: nullable/, /note: default/, /note: comment/],
    },
    {
      what: 'a unique constraint is dropped',
      by: ['ALTER TABLE orders DROP CONSTRAINT one_note'],
      found: [/^unique of orders is missing/],
    },
    {
      what: 'a foreign key is no longer validated',
      by: [
        'ALTER TABLE orders DROP CONSTRAINT orders_customer_fkey',
        'ALTER TABLE orders ADD CONSTRAINT orders_customer_fkey FOREIGN KEY (customer) REFERENCES customers NOT VALID',
      ],
      found: [/^foreign key of orders/, /^foreign key of orders/],
    },
    {
      what: 'a primary key is dropped',
      by: ['ALTER TABLE orders DROP CONSTRAINT orders_pkey'],
      found: [/^primary key of orders is missing/],
    },
    { what: 'an enum is added', by: ["CREATE TYPE mood AS ENUM ('good')"], found: [/^enum mood is not expected/] },
    { what: 'a sequence is added', by: ['CREATE SEQUENCE by_hand'], found: [/^sequence by_hand is not expected/] },
  ],
};

/** The replay runs on the server of the target, which is faster than a separate server for each comparison. */
async function opened(dialect: TestDialect, files: Readonly<Record<string, string>>) {
  const here = await deployment(dialect, files);
  return { ...here, options: { ...here.options, safety: { rehearsalServer: 'SameServer' as const } } };
}

for (const dialect of DIALECTS) {
  describe(`drift on ${dialect}`, function () {
    this.timeout(120_000);

    // Each test leaves the schema as it was, which it checks: that is what it is about.
    let shared: Awaited<ReturnType<typeof opened>>;
    before(async () => {
      shared = await opened(dialect, FILES);
      await upgradeDatabase(shared.options);
      assert.deepEqual((await findDrift(shared.options)).differences, []);
    });

    for (const [index, { what, by, found }] of CHANGES[dialect].entries()) {
      it(`is found, and undone by its own SQL: ${what}`, async () => {
        const here = shared;
        for (const statement of by) await here.look((database) => execute(database, statement));
        const drift = await findDrift(here.options);
        assert.equal(drift.inSync, false);
        assert.equal(drift.differences.length, found.length, JSON.stringify(drift.differences, null, 2));
        for (const pattern of found)
          assert.ok(
            drift.differences.some(({ message }) => pattern.test(message)),
            `${pattern}: ${JSON.stringify(drift.differences)}`,
          );
        // The whole script, or the SQL of each difference where there is one.
        assert.ok(
          drift.differences.every((one: DriftDifference) => one.sql.length > 0),
          JSON.stringify(drift.differences),
        );
        if (drift.differences.length === 1) assert.deepEqual(drift.differences[0]?.sql, drift.sql);
        // Those of the differences, in their order, are the same fix as the script of all.
        const one = index % 2 === 0 ? drift.sql : drift.differences.flatMap(({ sql }) => sql);
        for (const statement of one) await here.look((database) => execute(database, statement));
        assert.deepEqual((await findDrift(here.options)).differences, []);
      });
    }

    it('is not found where the pattern of --ignore names the object', async () => {
      const here = await opened(dialect, FILES);
      await upgradeDatabase(here.options);
      for (const name of ['audit_log', 'audit_trail', 'other'])
        await here.look((database) => execute(database, `CREATE TABLE ${name} (id integer)`));
      await here.look((database) => execute(database, 'ALTER TABLE orders ADD COLUMN extra text'));
      const drift = await findDrift({ ...here.options, ignore: ['audit_*', 'orders.extra'] });
      assert.deepEqual([drift.differences.map(({ object }) => object), drift.ignored], [['table other'], 3]);
      assert.equal(drift.sql.length, 1, String(drift.sql));
      assert.match(drift.sql[0] ?? '', /DROP TABLE "other"/);
    });

    it('is compared with the baseline where there is one, and never with migrations that are pending', async () => {
      const here = await opened(dialect, {});
      await here.look((database) => execute(database, 'CREATE TABLE older (id integer PRIMARY KEY)'));
      await takeBaseline(here.options);
      await here.deploy(FILES);
      assert.equal((await findDrift(here.options)).inSync, true);
      await here.look((database) => execute(database, 'ALTER TABLE older ADD COLUMN by_hand text'));
      assert.deepEqual(
        (await findDrift(here.options)).differences.map(({ object }) => object),
        ['column older.by_hand'],
      );
    });

    it('does not include what a run in progress does', async () => {
      const here = await opened(dialect, FILES);
      await upgradeDatabase(here.options);
      await here.deploy({
        ...FILES,
        '0002_more.sql': sql('CREATE TABLE more (id integer PRIMARY KEY);', 'DROP TABLE more;'),
      });
      const [report, ...drifts] = await Promise.all([
        safeMigrate(here.options),
        ...[1, 2, 3].map(() => findDrift(here.options)),
      ]);
      assert.equal(report.result, 'succeeded', report.message);
      assert.deepEqual(
        drifts.map(({ differences }) => differences),
        [[], [], []],
      );
    });
  });
}

describe('drift on postgres, where programs make objects at run time', function () {
  this.timeout(120_000);

  it('does not include partitions, child tables and objects of an extension', async () => {
    const here = await opened('postgres', {
      '0001_events.sql': sql(
        `CREATE TABLE events (at date NOT NULL, id integer) PARTITION BY RANGE (at);
         CREATE INDEX events_id ON events (id);
         CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
         CREATE TABLE parent (id integer);`,
        'DROP TABLE parent; DROP TABLE events;',
      ),
    });
    await upgradeDatabase(here.options);
    for (const statement of [
      "CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
      'ALTER TABLE events DETACH PARTITION events_2025',
      'DROP TABLE events_2025',
      'CREATE TABLE child () INHERITS (parent)',
      'CREATE EXTENSION pg_stat_statements',
      'CREATE EXTENSION pg_trgm',
    ])
      await here.look((database) => execute(database, statement));
    const { differences } = await findDrift(here.options);
    assert.deepEqual(differences, []);
  });
});
