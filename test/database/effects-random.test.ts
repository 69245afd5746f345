import assert from 'node:assert/strict';
import type { MigrationEffects } from '../../src/core/model/effects.ts';
import type { Database } from '../../src/database/port.ts';
import { query } from '../engine/request.ts';
import { DIALECTS, type TestDialect, temporaryDatabase } from '../support/databases.ts';
import { sizeFor } from '../support/sizes.ts';
import { migrate, migration, openReady, sql } from './migration-fixtures.ts';

const COUNT = sizeFor({ developer: 80, ci: 200, long: 200 });
const SEED = 20261128;

/** Numbers below a limit, the same in every run (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

interface Step {
  statements: string[];
  transaction?: false;
}

const FIRST: Record<TestDialect, string[]> = {
  postgres: [
    'CREATE TABLE log (id INTEGER)',
    'CREATE TABLE parts (id INTEGER) PARTITION BY LIST (id)',
    'CREATE TABLE parts1 PARTITION OF parts FOR VALUES IN (1)',
    'CREATE TABLE parts2 PARTITION OF parts FOR VALUES IN (2)',
    "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log VALUES (NEW.id); RETURN NEW; END'",
  ],
  sqlite: ['CREATE TABLE log (id INTEGER)', 'CREATE TABLE heap (id INTEGER)'],
};

/** Migrations that change, or do not change, tables in ways that are hard to see from their text. */
function steps(dialect: TestDialect): Step[] {
  const next = random(SEED);
  const tables: string[] = [];
  let ids = 0;
  let names = 0;
  let attached = true;
  const id = () => {
    ids += 1;
    return ids;
  };
  const name = () => {
    names += 1;
    return names;
  };
  const pick = () => tables[next(tables.length)] as string;
  const insert = (table: string) => {
    const rows = Array.from({ length: 1 + next(5) }, () => `(${id()}, 0)`);
    return `INSERT INTO ${table} (id, n) VALUES ${rows.join(', ')}`;
  };
  const create = (): string[] => {
    const table = `t${name()}`;
    const parent = tables.length > 0 && next(2) === 0 ? pick() : undefined;
    tables.push(table);
    const reference = parent === undefined ? '' : `, parent INTEGER REFERENCES ${parent} (id) ON DELETE CASCADE`;
    return [`CREATE TABLE ${table} (id INTEGER PRIMARY KEY, n INTEGER${reference})`];
  };
  const drop = (): string[] => {
    const table = pick();
    tables.splice(tables.indexOf(table), 1);
    // SQLite keeps references to a table that is gone, and then refuses every write to the tables that have them.
    const back = `CREATE TABLE ${table} (id INTEGER PRIMARY KEY, n INTEGER)`;
    tables.push(table);
    return [`DROP TABLE ${table}${dialect === 'postgres' ? ' CASCADE' : ''}`, back];
  };
  const rename = (): string[] => {
    const table = pick();
    const renamed = `r${name()}`;
    tables[tables.indexOf(table)] = renamed;
    return [`ALTER TABLE ${table} RENAME TO ${renamed}`];
  };
  const logged = (table: string): string[] => {
    const trigger = `g${name()}`;
    return dialect === 'postgres'
      ? [`CREATE TRIGGER ${trigger} AFTER INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION note()`]
      : [`CREATE TRIGGER ${trigger} AFTER INSERT ON ${table} BEGIN INSERT INTO log VALUES (NEW.id); END`];
  };
  const common: (() => string[])[] = [
    create,
    () => [insert(pick())],
    () => [insert(pick()), insert(pick())],
    () => {
      const table = pick();
      return [insert(table), `DELETE FROM ${table} WHERE id = ${ids}`];
    },
    () => [`UPDATE ${pick()} SET n = n + 1`],
    () => [`DELETE FROM ${pick()} WHERE id % 3 = ${next(3)}`],
    () => [`DELETE FROM ${pick()}`],
    () => [`SELECT count(*) FROM ${pick()}`],
    () => [`CREATE INDEX i${name()} ON ${pick()} (n)`],
    () => [`ALTER TABLE ${pick()} ADD COLUMN c${name()} INTEGER DEFAULT 1`],
    () => ['SAVEPOINT a', insert(pick()), 'ROLLBACK TO SAVEPOINT a', 'RELEASE SAVEPOINT a'],
    () => ['SAVEPOINT a', insert(pick()), 'RELEASE SAVEPOINT a', insert(pick())],
    () => [`INSERT INTO log SELECT id FROM ${pick()}`],
    () => logged(pick()),
    rename,
    drop,
  ];
  const ofSqlite: (() => string[])[] = [
    () => [`INSERT INTO heap (id) VALUES (${id()})`],
    () => [
      'CREATE TABLE heap_new (id INTEGER, n INTEGER)',
      'INSERT INTO heap_new (id) SELECT id FROM heap',
      'DROP TABLE heap',
      'ALTER TABLE heap_new RENAME TO heap',
    ],
    () => ['DROP TABLE heap', 'CREATE TABLE heap (id INTEGER)'],
  ];
  const ofPostgres: (() => string[])[] = [
    () => [`TRUNCATE ${pick()} CASCADE`],
    () => ['TRUNCATE log, parts'],
    () => [`INSERT INTO parts${attached ? '' : '1'} VALUES (1), (1)`],
    () => ['DELETE FROM parts2'],
    () => {
      attached = !attached;
      return [
        `ALTER TABLE parts ${attached ? 'ATTACH' : 'DETACH'} PARTITION parts1${attached ? ' FOR VALUES IN (1)' : ''}`,
      ];
    },
    () => [`ALTER TABLE ${pick()} ALTER COLUMN n TYPE ${['bigint', 'numeric', 'integer'][next(3)]}`],
    () => [`DO 'BEGIN INSERT INTO log VALUES (1); RAISE EXCEPTION ''x''; EXCEPTION WHEN OTHERS THEN NULL; END'`],
    () => [`LOCK TABLE ${pick()} IN SHARE MODE`],
    () => [`SELECT * FROM ${pick()} FOR UPDATE`],
    () => ['CREATE SCHEMA IF NOT EXISTS aside', `CREATE TABLE aside.a${name()} AS SELECT 1 AS id`],
  ];
  const all = dialect === 'postgres' ? [...common, ...ofPostgres, ...ofPostgres] : [...common, ...ofSqlite];
  const list: Step[] = [{ statements: FIRST[dialect] }, { statements: [...create(), ...create(), ...create()] }];
  while (list.length < COUNT) {
    const make = all[next(all.length)] as () => string[];
    const statements = tables.length > 8 && make === create ? [insert(pick())] : make();
    const alone = statements.length === 1 && !statements[0]?.startsWith('LOCK') && next(12) === 0;
    list.push(alone ? { statements, transaction: false } : { statements });
  }
  return list;
}

/** Which file or page stores each table, by what a rename keeps. */
async function stores(database: Database, dialect: TestDialect): Promise<Map<string, { name: string; store: string }>> {
  const rows = await query<{ id: string; name: string; store: string }>(
    database,
    {
      postgres: `SELECT c.oid::text AS id, n.nspname || '.' || c.relname AS name, c.relfilenode::text AS store
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND n.nspname = 'public' AND c.relname NOT LIKE 'db\\_manager%'`,
      sqlite: `SELECT name AS id, 'main.' || name AS name, CAST(rootpage AS TEXT) AS store
        FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'db!_manager%' ESCAPE '!'`,
    }[dialect],
  );
  return new Map(rows.map(({ id, ...rest }) => [id, rest]));
}

/** The slow form: every table is counted before and after each migration, from another connection. */
async function counted(
  dialect: TestDialect,
  list: readonly Step[],
): Promise<Pick<MigrationEffects, 'rows' | 'rewrites' | 'locks'>[]> {
  const { url, drop } = await temporaryDatabase(dialect);
  const database = await openReady(url);
  const all = [];
  try {
    for (const { statements, transaction } of list) {
      const [rowsBefore, storesBefore] = [await database.rowCounts(), await stores(database, dialect)];
      const outcome = await migrate(database, [migration(sql(...statements), { transaction })], { observe: true });
      assert.equal(outcome.kind, 'done', `${statements.join('; ')}: ${JSON.stringify(outcome)}`);
      const [rowsAfter, storesAfter] = [await database.rowCounts(), await stores(database, dialect)];
      const names = [...new Set([...rowsBefore.keys(), ...rowsAfter.keys()])].sort();
      all.push({
        rows: names
          .map((table) => ({ table, before: rowsBefore.get(table) ?? null, after: rowsAfter.get(table) ?? null }))
          .filter(({ before, after }) => before !== after),
        rewrites: [...storesBefore]
          .filter(([id, { store }]) => (storesAfter.get(id)?.store ?? store) !== store)
          .map(([, { name }]) => name)
          .sort(),
        // In a session of its own, in which nothing was counted before.
        locks: outcome.done[0]?.effects?.locks.map(({ table, mode }) => ({ table, mode })) ?? [],
      });
    }
    return all as Pick<MigrationEffects, 'rows' | 'rewrites' | 'locks'>[];
  } finally {
    await database.close();
    await drop();
  }
}

describe(`the effects of ${COUNT} random migrations`, function () {
  this.timeout(300_000);
  for (const dialect of DIALECTS) {
    it(`are those that counting every table finds, on ${dialect}`, async () => {
      const list = steps(dialect);
      const slow = await counted(dialect, list);
      const { url, drop } = await temporaryDatabase(dialect);
      const database = await openReady(url);
      try {
        const migrations = list.map(({ statements, transaction }) => migration(sql(...statements), { transaction }));
        const outcome = await migrate(database, migrations, { observe: true });
        assert.equal(outcome.kind, 'done', JSON.stringify(outcome).slice(-1_000));
        for (const [index, { effects }] of outcome.done.entries()) {
          const found = {
            rows: effects?.rows.map(({ table, before, after }) => ({ table, before, after })),
            rewrites: [...(effects?.rewrites ?? [])].sort(),
            locks: effects?.locks.map(({ table, mode }) => ({ table, mode })),
          };
          const text = list[index]?.statements.join('; ') ?? '';
          assert.deepEqual(found, slow[index], `migration ${index + 1}: ${text}`);
          const [, from, to] = /^ALTER TABLE (\w+) RENAME TO (\w+)$/.exec(text) ?? [];
          const was = effects?.rows.find(({ table }) => table.endsWith(`.${to}`))?.was;
          if (to !== undefined) assert.match(was ?? '', new RegExp(`^(?:public|main)\\.${from}$`), text);
        }
        // The list has what it is meant to have.
        const rows = slow.filter((one) => one.rows.length > 0).length;
        assert.ok(rows > COUNT / 4 && rows < COUNT, `${rows} change rows`);
        assert.ok(slow.some(({ rewrites }) => rewrites.length > 0));
      } finally {
        await database.close();
        await drop();
      }
    });
  }
});
