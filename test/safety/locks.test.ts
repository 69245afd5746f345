import assert from 'node:assert/strict';
import pg from 'pg';
import { checkMigrations } from '../../src/core/safety/check.ts';
import type { Example } from '../../src/core/safety/rule.ts';
import { RULES } from '../../src/core/safety/rules.ts';
import { isFreeChange, shortType } from '../../src/core/safety/types.ts';
import { loadParser, type Parser } from '../../src/migrations/statements/parser.ts';
import { readExample } from '../core/safety/read-example.ts';
import { type PrivatePostgres, sharedPostgres } from '../support/postgres.ts';
import { GROUND } from './fixtures.ts';
import { type Observed, observe, type Step } from './observe.ts';
import { type Evidence, PROOFS, WITHOUT_PROOF } from './proofs.ts';

describe('the lock rules, on a server', () => {
  let postgres: PrivatePostgres;
  let parse: Parser;

  before(async () => {
    postgres = await sharedPostgres();
    parse = await loadParser('postgres');
    // In the data folder, without its own path: a setting for tests of PostgreSQL itself.
    const admin = new pg.Client({ connectionString: postgres.url() });
    await admin.connect();
    await admin.query('SET allow_in_place_tablespaces = on');
    await admin.query("CREATE TABLESPACE proof_tablespace LOCATION ''");
    await admin.end();
  });

  after(async () => {
    await postgres.query('DROP TABLESPACE proof_tablespace');
  });

  async function onGround<T>(setup: string, work: (url: string) => Promise<T>): Promise<T> {
    const database = await postgres.createDatabase('proof');
    try {
      await postgres.query(`${GROUND}; ${setup}`, [], database.name);
      return await work(database.url);
    } finally {
      await database.drop();
    }
  }

  function finds(rule: string, given: string, { sql, besideWriterOf }: Step): boolean {
    const found = RULES.find(({ id }) => id === rule);
    assert.ok(found, `no rule has the id ${rule}`);
    const example: Example = { given, sql, ...(besideWriterOf === undefined ? {} : { transaction: false as const }) };
    const read = readExample(found, example, parse);
    const server = { ...read.server, version: postgres.version };
    return checkMigrations([read.migration], [found], { server, given: read.given, ignore: [] }).length > 0;
  }

  for (const { rule, setup = 'SELECT', bad, advised, shows } of PROOFS) {
    it(`${rule}: ${bad.sql} is found, and shows why`, () =>
      onGround(setup, async (url) => {
        assert.ok(finds(rule, `${GROUND}; ${setup}`, bad));
        if (shows.refused !== undefined) return assert.rejects(observe(url, bad), shows.refused);
        const observed = await observe(url, bad);
        assert.ok(isShown(observed, shows), describeObserved(observed));
        assert.notEqual(observed.writersPass, true);
      }));

    it(`${rule}: ${advised.map(({ sql }) => sql).join('; ')} is not, and does not`, () =>
      onGround(setup, async (url) => {
        let given = `${GROUND}; ${setup}`;
        for (const step of advised) {
          assert.ok(!finds(rule, given, step), `found: ${step.sql}`);
          const observed = await observe(url, step);
          assert.ok(
            shows.refused !== undefined || !isShown(observed, shows),
            `${step.sql}: ${describeObserved(observed)}`,
          );
          assert.notEqual(observed.writersPass, false, `${step.sql} holds up writers`);
          given = `${given}; ${step.sql}`;
        }
      }));
  }

  it('every one has a proof, or a reason why not', () => {
    const rules = RULES.filter(({ topic, dialects }) => topic === 'locks' && dialects.includes('postgres'));
    const proved = new Set([...PROOFS.map(({ rule }) => rule), ...Object.keys(WITHOUT_PROOF)]);
    assert.deepEqual(
      rules.map(({ id }) => id).filter((id) => !proved.has(id)),
      [],
    );
    assert.ok(rules.length > 25);
    for (const rule of Object.keys(WITHOUT_PROOF)) assert.ok(!PROOFS.some((proof) => proof.rule === rule), rule);
  });

  it('add-column-with-default: this server stores a constant in the catalogue', () =>
    onGround('SELECT', async (url) => {
      const { rewritten } = await observe(url, { sql: "ALTER TABLE orders ADD COLUMN source text DEFAULT 'app'" });
      assert.deepEqual([...rewritten], []);
    }));

  it('create-trigger: writers wait for it', () =>
    onGround('SELECT', async (url) => {
      const sql = 'CREATE TRIGGER orders_audit AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION audit()';
      const { locks } = await observe(url, { sql });
      assert.ok(locks.get('orders')?.has('ShareRowExclusiveLock'));
    }));

  it('timeout-turned-off: nothing ends the wait, where a limit does', () =>
    onGround('SELECT', async (url) => {
      const reader = new pg.Client({ connectionString: url });
      const client = new pg.Client({ connectionString: url });
      await Promise.all([reader.connect(), client.connect()]);
      try {
        await reader.query('BEGIN; SELECT FROM orders');
        await client.query("SET lock_timeout = '50ms'");
        const alter = 'ALTER TABLE orders ADD COLUMN source text';
        await assert.rejects(client.query(alter), /canceling statement due to lock timeout/);
        await client.query('RESET lock_timeout');
        let ended = false;
        const waiting = client.query(alter).then(() => {
          ended = true;
        });
        await new Promise((resolve) => setTimeout(resolve, 200));
        assert.equal(ended, false);
        await reader.query('COMMIT');
        await waiting;
      } finally {
        await Promise.all([reader.end(), client.end()]);
      }
    }));

  const TYPES = [
    ['varchar(20)', 'varchar(30)', 'varchar', 'text', 'varchar(10)', 'bpchar(20)'],
    ['text', 'varchar', 'varchar(20)'],
    ['numeric(10,2)', 'numeric(12,2)', 'numeric', 'numeric(12,4)', 'numeric(8,2)'],
    ['integer', 'bigint', 'numeric'],
    ['timestamp(3)', 'timestamp(6)', 'timestamp', 'timestamp(0)'],
    ['time(3)', 'time(6)', 'time(0)'],
    ['interval(3)', 'interval', 'interval(0)'],
    ['bit varying(8)', 'bit varying(16)', 'bit varying', 'bit varying(4)'],
    ['cidr', 'inet'],
    ['inet', 'cidr'],
    ['xml', 'text'],
    ['varchar(20)[]', 'text[]'],
    ['char(10)', 'text'],
  ] as const;

  for (const [from, ...others] of TYPES) {
    it(`change-column-type: ${from} to ${others.join(', ')} rewrites rows, or not, as the rule states`, async () => {
      for (const to of others) {
        const { rewritten } = await onGround(`CREATE TABLE typed (value ${from})`, (url) =>
          observe(url, { sql: `ALTER TABLE typed ALTER COLUMN value TYPE ${to} USING value::${to}` }),
        );
        const free = isFreeChange(shortType(from), shortType(to));
        // What it calls free has to be; that it takes one for dear that is free costs a question.
        assert.ok(!free || rewritten.size === 0, `${from} to ${to} is written anew`);
        if (!free) assert.ok(rewritten.size > 0 || DEAR_IN_DOUBT.has(`${from} to ${to}`), `${from} to ${to} is free`);
      }
    });
  }
});

/** Free on the server, and not taken for it. */
const DEAR_IN_DOUBT = new Set(['varchar(20)[] to text[]']);

/** All of the evidence at one step; of a lock, that as many wait for it or more. */
function isShown({ locks, reads, rewritten }: Observed, shows: Evidence): boolean {
  const locked = Object.entries(shows.locks ?? {}).every(([table, mode]) =>
    [...(locks.get(table) ?? [])].some((held) => waitersOf(held) >= waitersOf(mode)),
  );
  return (
    locked &&
    (shows.reads === undefined || reads.has(shows.reads)) &&
    (shows.rewrites === undefined || rewritten.has(shows.rewrites))
  );
}

/** 2: readers and writers wait, 1: writers, 0: neither. */
function waitersOf(mode: string): number {
  if (mode === 'AccessExclusiveLock') return 2;
  return ['ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock'].includes(mode) ? 1 : 0;
}

function describeObserved({ locks, reads, rewritten }: Observed): string {
  const held = [...locks].map(([table, modes]) => `${table}: ${[...modes].join(', ')}`);
  return `locks ${held.join('; ') || 'none'}; reads ${[...reads].join(', ') || 'none'}; rewritten ${[...rewritten].join(', ') || 'none'}`;
}
