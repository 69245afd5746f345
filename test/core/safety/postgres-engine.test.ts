import assert from 'node:assert/strict';
import pg from 'pg';
import { sharedPostgres, type TestDatabase } from '../../support/postgres.ts';

/** What the pages of the rules claim about PostgreSQL, tried on a server. Locks and rewrites have their own tests. */
describe('rules about PostgreSQL, checked on a server', () => {
  let database: TestDatabase;
  let client: pg.Client;
  let version = 0;

  before(async () => {
    const postgres = await sharedPostgres();
    version = postgres.version;
    database = await postgres.createDatabase('rules');
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query(`
      CREATE TABLE accounts (id bigint PRIMARY KEY, name text);
      CREATE TABLE orders (id bigint PRIMARY KEY, account_id bigint REFERENCES accounts ON DELETE CASCADE, ref text, body json);
      INSERT INTO accounts VALUES (1, 'one');
      INSERT INTO orders VALUES (1, 1, 'same', '{}'), (2, 1, 'same', '{}')`);
  });

  after(async () => {
    await client?.end();
    await database?.drop();
  });

  /** In a transaction that is undone, as several statements; gives the rows of the last one. */
  async function tried(...statements: string[]): Promise<Record<string, unknown>[]> {
    await client.query('BEGIN');
    try {
      let rows: Record<string, unknown>[] = [];
      for (const sql of statements) rows = (await client.query(sql)).rows;
      return rows;
    } finally {
      await client.query('ROLLBACK');
    }
  }

  it('add-required-column: refused on a table with rows, taken with a default', async () => {
    await assert.rejects(tried('ALTER TABLE orders ADD COLUMN source text NOT NULL'), /contains null values/);
    await tried("ALTER TABLE orders ADD COLUMN source text NOT NULL DEFAULT 'app'");
  });

  it('unique-on-existing-rows: two rows with the same value stop it', async () => {
    await assert.rejects(tried('CREATE UNIQUE INDEX orders_ref ON orders (ref)'), /could not create unique index/);
    await assert.rejects(tried("ALTER TABLE orders ADD COLUMN code text UNIQUE DEFAULT ''"), /could not create unique/);
    await tried('ALTER TABLE orders ADD COLUMN code text UNIQUE');
    await tried('CREATE UNIQUE INDEX orders_id_ref ON orders (ref, id)');
  });

  it('enum-value-in-transaction: a new value cannot be used before the commit, before 17 not even of a new type', async () => {
    assert.ok(version >= 120000);
    await client.query("CREATE TYPE side AS ENUM ('buy')");
    const add = "ALTER TYPE side ADD VALUE 'sell'";
    await assert.rejects(tried(add, "SELECT 'sell'::side"), /unsafe use of new value/);
    await tried(add);
    const fresh = tried("CREATE TYPE kind AS ENUM ('a')", "ALTER TYPE kind ADD VALUE 'b'", "SELECT 'b'::kind");
    if (version < 170000) await assert.rejects(fresh, /unsafe use of new value/);
    else await fresh;
  });

  it('identifier-too-long: the name is cut without an error', async () => {
    const [row] = await tried(
      `ALTER TABLE orders ADD COLUMN "${'ß'.repeat(32)}" text`,
      "SELECT attname, octet_length(attname) AS bytes FROM pg_attribute WHERE attname LIKE 'ßß%'",
    );
    assert.deepEqual(row, { attname: 'ß'.repeat(31), bytes: 62 });
  });

  it('json-column: it has no equality', async () => {
    await assert.rejects(tried('SELECT DISTINCT body FROM orders'), /could not identify an equality operator/);
    await tried('SELECT DISTINCT body::jsonb FROM orders');
  });

  it('drop-cascade: a dropped type takes its columns along', async () => {
    await assert.rejects(
      tried(
        "CREATE TYPE state AS ENUM ('open')",
        'ALTER TABLE orders ADD COLUMN state state',
        'DROP TYPE state CASCADE',
        'SELECT state FROM orders',
      ),
      /column "state" does not exist/,
    );
  });

  it('truncate and delete-without-where: rows of referencing tables go too', async () => {
    const truncated = await tried('TRUNCATE accounts CASCADE', 'SELECT count(*)::int AS n FROM orders');
    assert.deepEqual(truncated, [{ n: 0 }]);
    assert.deepEqual(await tried('DELETE FROM accounts', 'SELECT count(*)::int AS n FROM orders'), [{ n: 0 }]);
  });

  it('disable-triggers: with ALL a row that references nothing is taken, and nothing finds it afterwards', async () => {
    const rows = await tried(
      'ALTER TABLE orders DISABLE TRIGGER ALL',
      "INSERT INTO orders VALUES (3, 99, 'orphan', '{}')",
      'ALTER TABLE orders ENABLE TRIGGER ALL',
      'SELECT account_id::int AS account FROM orders WHERE id = 3',
    );
    assert.deepEqual(rows, [{ account: 99 }]);
  });

  it('rename-table and set-schema: a view under the old name can be written to', async () => {
    const insert = "INSERT INTO public.orders VALUES (3, 1, 'via view', '{}') RETURNING ref";
    const renamed = await tried(
      'ALTER TABLE orders RENAME TO trades',
      'CREATE VIEW orders AS SELECT * FROM trades',
      insert,
    );
    const moved = await tried(
      'CREATE SCHEMA archive',
      'ALTER TABLE orders SET SCHEMA archive',
      'CREATE VIEW public.orders AS SELECT * FROM archive.orders',
      insert,
    );
    assert.deepEqual([renamed, moved], [[{ ref: 'via view' }], [{ ref: 'via view' }]]);
  });

  it('rename-enum-value: the old value is refused from that moment', async () => {
    await assert.rejects(
      tried("ALTER TYPE side RENAME VALUE 'buy' TO 'long'", "SELECT 'buy'::side"),
      /invalid input value for enum/,
    );
  });

  it('drop-primary-key: ON CONFLICT has no index any more', async () => {
    const insert = "INSERT INTO accounts VALUES (1, 'again') ON CONFLICT (id) DO NOTHING";
    await tried(insert);
    await assert.rejects(
      tried('ALTER TABLE accounts DROP CONSTRAINT accounts_pkey CASCADE', insert),
      /no unique or exclusion constraint matching/,
    );
  });

  it('transaction-left-open: statements after BEGIN are rolled back when the connection closes', async () => {
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    await other.query('BEGIN; CREATE TABLE left_open (id bigint)');
    await other.end();
    const { rows } = await client.query("SELECT to_regclass('left_open') AS found");
    assert.deepEqual(rows, [{ found: null }]);
  });
});
