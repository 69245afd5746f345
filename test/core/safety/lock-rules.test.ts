import assert from 'node:assert/strict';
import type { Finding } from '../../../src/core/model/finding.ts';
import type { Snapshot } from '../../../src/core/model/snapshot.ts';
import { checkMigrations } from '../../../src/core/safety/check.ts';
import type { Example } from '../../../src/core/safety/rule.ts';
import { RULES } from '../../../src/core/safety/rules.ts';
import { loadParser, type Parser } from '../../../src/migrations/statements/parser.ts';
import { readMigration } from './read-example.ts';

const LOCKS = RULES.filter(({ topic }) => topic === 'locks');

describe('lock rules', () => {
  let parse: Parser;

  before(async () => {
    parse = await loadParser('postgres');
  });

  function findings(
    example: Example,
    options: { snapshot?: Snapshot; file?: string; version?: number } = {},
  ): Finding[] {
    const { snapshot, file = '20240601120000_example.sql', version = 150000 } = options;
    const given = example.given === undefined ? [] : [readMigration({ sql: example.given }, 'postgres', parse)];
    const migration = { ...readMigration(example, 'postgres', parse), file };
    return checkMigrations([migration], LOCKS, {
      server: { dialect: 'postgres', version },
      ignore: [],
      given,
      snapshot,
    });
  }

  const ids = (found: readonly Finding[]) => found.map(({ rule }) => rule);
  const advice = (example: Example, options = {}) => findings(example, options)[0]?.advice ?? '';

  it('know that IF NOT EXISTS makes no new table of one that is there', () => {
    const sql = 'CREATE TABLE IF NOT EXISTS fills (order_id bigint); CREATE INDEX fills_order ON fills (order_id)';
    assert.deepEqual(ids(findings({ sql })), []);
    const found = findings({ sql, given: 'CREATE TABLE fills (order_id bigint)' });
    assert.deepEqual(ids(found), ['create-index-without-concurrently']);
  });

  it('recognize a table that was dropped and created again', () => {
    const given = 'CREATE TABLE fills (order_id bigint)';
    const sql = 'DROP TABLE fills; CREATE TABLE fills (id bigint); CREATE INDEX fills_id ON fills (id)';
    assert.deepEqual(ids(findings({ sql, given })), []);
  });

  it('ignore everything in a migration that only creates tables', () => {
    const sql = `
      CREATE TABLE accounts (id bigserial PRIMARY KEY, name text);
      CREATE TABLE orders (id bigserial PRIMARY KEY, account_id bigint, quantity numeric);
      ALTER TABLE orders ADD CONSTRAINT account FOREIGN KEY (account_id) REFERENCES accounts;
      ALTER TABLE orders ADD CONSTRAINT positive CHECK (quantity > 0);
      ALTER TABLE orders ADD CONSTRAINT q UNIQUE (quantity), ALTER quantity SET NOT NULL, ALTER quantity TYPE integer;
      ALTER TABLE orders ADD COLUMN key uuid DEFAULT gen_random_uuid(), ADD COLUMN number bigserial;
      ALTER TABLE accounts ADD COLUMN a text; ALTER TABLE orders ADD COLUMN b text;
      ALTER TABLE orders VALIDATE CONSTRAINT positive;
      CREATE INDEX orders_account ON orders (account_id); DROP INDEX orders_account; CLUSTER orders USING orders_pkey;
      CREATE MATERIALIZED VIEW totals AS SELECT 1 AS one; CREATE UNIQUE INDEX totals_one ON totals (one);
      REFRESH MATERIALIZED VIEW totals; LOCK TABLE orders`;
    assert.deepEqual(ids(findings({ sql })), []);
  });

  it('report the name of a new table in another schema', () => {
    const sql = 'CREATE TABLE archive.orders (id bigint); CREATE INDEX orders_id ON trading.orders (id)';
    assert.deepEqual(ids(findings({ sql })), ['create-index-without-concurrently']);
  });

  it('repeat the statement with what is missing from it', () => {
    const sql = `-- why it is there
      CREATE INDEX orders_open ON orders USING btree (lower(ref), id DESC) INCLUDE (price) WHERE state = 'open'`;
    assert.match(
      advice({ sql }),
      /CREATE INDEX CONCURRENTLY orders_open ON orders USING btree \(lower\(ref\), id DESC\) INCLUDE \(price\) WHERE state = 'open';$/,
    );
    assert.match(
      advice({ sql: 'ALTER TABLE orders ADD FOREIGN KEY (account_id) REFERENCES accounts ON DELETE CASCADE' }),
      /^ALTER TABLE orders ADD CONSTRAINT orders_account_id_fkey FOREIGN KEY \(account_id\) REFERENCES accounts ON DELETE CASCADE NOT VALID;/,
    );
    assert.match(
      advice({ sql: 'ALTER TABLE orders ADD CHECK (quantity > 0)' }),
      /^ALTER TABLE orders ADD CONSTRAINT orders_check CHECK \(quantity > 0\) NOT VALID;/,
    );
    assert.match(
      advice({ sql: 'ALTER TABLE orders ADD CONSTRAINT r UNIQUE NULLS NOT DISTINCT (ref)' }),
      /CREATE UNIQUE INDEX CONCURRENTLY r ON orders \(ref\) NULLS NOT DISTINCT;/,
    );
    assert.match(advice({ sql: 'DROP INDEX a, b' }), /DROP INDEX CONCURRENTLY a;$/);
  });

  it('quote names that have to be', () => {
    assert.match(
      advice({ sql: 'ALTER TABLE "Orders" ALTER COLUMN "accountId" SET NOT NULL' }),
      /^ALTER TABLE "Orders" ADD CONSTRAINT "Orders_accountId_not_null" CHECK \("accountId" IS NOT NULL\) NOT VALID;/,
    );
  });

  it('name the way out of the transaction that the file’s format has', () => {
    const sql = 'CREATE INDEX orders_ref ON orders (ref)';
    assert.match(advice({ sql }), /-- migrate:up transaction:false/);
    const ofCode = advice({ sql }, { file: '20240601120000_example.ts' });
    assert.match(ofCode, /export const transaction = false.*\{ concurrently: true \}/);
    assert.doesNotMatch(ofCode, /migrate:up/);
  });

  it('read what is proved from the snapshot', () => {
    const sql =
      'ALTER TABLE orders ALTER COLUMN a SET NOT NULL, ALTER COLUMN b SET NOT NULL, ALTER COLUMN c SET NOT NULL';
    const found = findings({ sql }, { snapshot: snapshotWithChecks() });
    assert.deepEqual(ids(found), ['set-not-null']);
    assert.match(found[0]?.message ?? '', /that c is not null/);
  });

  it('know types and partitions from the snapshot', () => {
    const snapshot = snapshotWithChecks();
    assert.deepEqual(ids(findings({ sql: 'ALTER TABLE orders ALTER COLUMN c TYPE varchar(50)' }, { snapshot })), []);
    const [found] = findings({ sql: 'ALTER TABLE orders ALTER COLUMN c TYPE varchar(10)' }, { snapshot });
    assert.equal(found?.severity, 'error');
    assert.match(advice({ sql: 'CREATE INDEX candles_day ON candles (day)' }, { snapshot }), /ON ONLY candles \(day\)/);
    const ofView = findings({ sql: 'CREATE INDEX volume_day ON daily_volume (day)' }, { snapshot });
    assert.deepEqual(ids(ofView), ['create-index-without-concurrently']);
  });

  it('do not count a cast to the new type as additional work', () => {
    const given = 'CREATE TABLE orders (note varchar(20))';
    const change = (using: string) => ids(findings({ given, sql: `ALTER TABLE orders ALTER note TYPE text ${using}` }));
    assert.deepEqual(change('USING note::text'), []);
    assert.deepEqual(change('USING CAST(note AS text)'), []);
    assert.deepEqual(change("USING note || ''"), ['change-column-type']);
  });

  it('warn only on the way down', () => {
    const migration = {
      ...readMigration({ sql: 'CREATE INDEX i ON orders (ref)' }, 'postgres', parse),
      direction: 'down' as const,
    };
    const [found] = checkMigrations([migration], LOCKS, {
      server: { dialect: 'postgres', version: 150000 },
      ignore: [],
    });
    assert.equal(found?.severity, 'warning');
  });
});

function snapshotWithChecks(): Snapshot {
  const nothing = { uniques: [], foreignKeys: [], checks: [], exclusions: [], indexes: [], triggers: [] };
  const options = { withoutRowid: false, strict: false, autoincrement: false };
  const column = (name: string, nullable = true) => ({ name, type: 'character varying(20)', nullable });
  return {
    dialect: 'postgres',
    enums: [],
    sequences: [],
    tables: [
      {
        ...nothing,
        schema: 'public',
        name: 'orders',
        columns: [column('a', false), column('b'), column('c')],
        checks: [
          { name: 'has_b', expression: 'b IS NOT NULL', validated: true },
          { name: 'has_c', expression: 'c IS NOT NULL', validated: false },
        ],
        options,
      },
      {
        ...nothing,
        schema: 'public',
        name: 'candles',
        columns: [column('day')],
        partition: { by: 'RANGE (day)' },
        options,
      },
    ],
    views: [{ schema: 'public', name: 'daily_volume', materialized: true, definition: 'SELECT 1 AS day', indexes: [] }],
  };
}
