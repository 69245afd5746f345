import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import { restoreBackup } from '../../../src/backups/restore.ts';
import { takeBackup } from '../../../src/backups/take.ts';
import { safeMigrate } from '../../../src/library/safe-migrate.ts';
import { OPTIONS, openTarget, targetOf } from '../../backups/fixtures.ts';
import { temporaryFolder } from '../../support/databases.ts';

const RESTORE = { safetyBackup: false, now: OPTIONS.now } as const;

interface Odd {
  sql: string;
  damage: string;
  file?: string;
  /** Tables whose rows are compared, in addition to those of sqlite_master. */
  reads?: string[];
}

const ODD: Record<string, Odd> = {
  'small pages, incremental vacuum, numbers of its application, and free pages': {
    sql: `PRAGMA page_size = 512; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA user_version = 77; PRAGMA application_id = 305419896; PRAGMA journal_mode = WAL;
      CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) SELECT i, hex(randomblob(40)) FROM n; DELETE FROM t WHERE id % 3 = 0`,
    damage: 'DELETE FROM t WHERE id > 100; PRAGMA user_version = 1',
  },
  'text in UTF-16': {
    sql: `PRAGMA encoding = 'UTF-16be'; CREATE TABLE "größe" (name TEXT COLLATE NOCASE PRIMARY KEY, x); INSERT INTO "größe" VALUES ('ä😀', 'ß'), ('b', x'00ff')`,
    damage: `DELETE FROM "größe" WHERE name = 'b'`,
  },
  'virtual tables with their shadow tables': {
    sql: `CREATE VIRTUAL TABLE docs USING fts5(title, body, tokenize = 'porter'); INSERT INTO docs VALUES ('one', 'running dogs'), ('two', 'a cat'); CREATE VIRTUAL TABLE places USING rtree(id, x0, x1); INSERT INTO places VALUES (1, 0, 5), (2, 7, 9)`,
    damage: `DELETE FROM docs WHERE title = 'two'; DELETE FROM places`,
    reads: ['docs', 'places'],
  },
  'tables without rowid, strict tables and generated columns': {
    sql: `CREATE TABLE w (a TEXT, b INT, PRIMARY KEY (b DESC, a)) WITHOUT ROWID, STRICT; INSERT INTO w VALUES ('x', 1), ('y', 2);
      CREATE TABLE g (a INT, b INT AS (a * 2) STORED UNIQUE, c TEXT GENERATED ALWAYS AS (a || '!') VIRTUAL, d ANY); INSERT INTO g (a, d) VALUES (1, 1.5), (2, x'00');
      CREATE TABLE n (id INTEGER PRIMARY KEY AUTOINCREMENT, v); INSERT INTO n (v) VALUES (1), (2); DELETE FROM n WHERE id = 2`,
    damage: `DELETE FROM w; INSERT INTO n (v) VALUES (3); ALTER TABLE g DROP COLUMN d`,
    reads: ['sqlite_sequence'],
  },
  'names that need quotes': {
    sql: `CREATE TABLE "a""b'c [d] \`e\` ;--" ("select" INT, "" TEXT, "x y" INT DEFAULT (1 + 2)); INSERT INTO "a""b'c [d] \`e\` ;--" VALUES (1, 'q', 3); CREATE TABLE "order" (id INT); CREATE INDEX "i;" ON "order" (id) WHERE id > 0;
      CREATE VIEW "v ""w" AS SELECT "" AS e FROM "a""b'c [d] \`e\` ;--"; CREATE TABLE Älter (id INT); CREATE TABLE "temp.t" (id INT); INSERT INTO "temp.t" VALUES (1)`,
    damage: `DROP TABLE "order"; DELETE FROM "temp.t"`,
  },
  'values that are not what their columns declare': {
    sql: `CREATE TABLE t (i INTEGER, r REAL, t TEXT, b BLOB); INSERT INTO t VALUES ('text', 'nan', x'fffe', 'text'), (9223372036854775807, 9e999, '', x''), (-9223372036854775808, -9e999, CAST(x'C328' AS TEXT), NULL), (1, -0.0, 'a' || char(0) || 'b', zeroblob(100000))`,
    damage: `UPDATE t SET b = NULL`,
  },
  'views and triggers over tables that are gone, and rows without a parent': {
    sql: `CREATE TABLE gone (id INT); CREATE TABLE t (id INTEGER PRIMARY KEY, p INT REFERENCES missing(id)); CREATE VIEW broken AS SELECT * FROM gone; CREATE TRIGGER tr AFTER DELETE ON t BEGIN DELETE FROM gone; END; DROP TABLE gone; PRAGMA foreign_keys = OFF; INSERT INTO t VALUES (1, 99)`,
    damage: `UPDATE t SET p = NULL`,
  },
  'statistics, expression indexes and a trigger on a view': {
    sql: `CREATE TABLE t (id INTEGER PRIMARY KEY, j TEXT CHECK (json_valid(j)), u TEXT UNIQUE ON CONFLICT REPLACE); INSERT INTO t VALUES (1, '{"a": 1}', 'x'), (2, '{"a": 2}', 'y'); CREATE INDEX e ON t (json_extract(j, '$.a') DESC, u COLLATE RTRIM);
      CREATE VIEW v AS SELECT id FROM t; CREATE TRIGGER iv INSTEAD OF INSERT ON v BEGIN INSERT INTO t VALUES (NEW.id, '{}', NULL); END; ANALYZE`,
    damage: `DROP INDEX e; DELETE FROM t; DELETE FROM sqlite_stat1`,
    reads: ['sqlite_stat1'],
  },
  'a file name with every odd character': {
    file: `o d'd "%41?#&=[x]{}$1;ü€.db`,
    sql: `PRAGMA journal_mode = WAL; CREATE TABLE t (id INT); INSERT INTO t VALUES (1)`,
    damage: 'DELETE FROM t',
  },
};

describe('a SQLite database with', function () {
  this.timeout(30_000);

  for (const [what, { sql, damage, file = 'odd.db', reads = [] }] of Object.entries(ODD)) {
    it(`${what} is rehearsed and restored`, async () => {
      const folder = await temporaryFolder('odd');
      const path = join(folder, file);
      const url = `sqlite:///${path.split('/').map(encodeURIComponent).join('/')}`;
      await run(path, sql);
      const before = await contentOf(path, reads);
      const db = await openTarget(targetOf(url));
      try {
        const backup = await takeBackup(db, join(folder, 'backups'), OPTIONS);
        await run(path, damage);
        assert.notDeepEqual(await contentOf(path, reads), before);
        await restoreBackup(db, backup, RESTORE);
        assert.deepEqual(await contentOf(path, reads), before);
      } finally {
        await db.close();
      }
      await mkdir(join(folder, 'migrations'));
      await writeFile(join(folder, 'migrations', '0001_n.sql'), '-- migrate:up\nCREATE TABLE added_later (id INT);\n');
      const options = { cwd: folder, databaseUrl: url, config: false, backups: join(folder, 'backups') } as const;
      const report = await safeMigrate(options);
      assert.equal(report.result, 'succeeded', report.message);
      assert.equal(report.rehearsal?.result, 'Full', report.rehearsal?.message);
      const migrated = await contentOf(path, reads);
      for (const [name, rows] of Object.entries(before.rows))
        if (name !== 'sqlite_sequence') assert.deepEqual(migrated.rows[name], rows, name);
    });
  }
});

/** Another program, with a connection of its own. */
async function withFile<T>(path: string, use: (file: sqlite3.Database) => Promise<T>): Promise<T> {
  const file = await new Promise<sqlite3.Database>((done, fail) => {
    const opened = new sqlite3.Database(path, (error) => (error ? fail(error) : done(opened)));
  });
  try {
    return await use(file);
  } finally {
    await new Promise((done) => file.close(done));
  }
}

function run(path: string, sql: string): Promise<void> {
  return withFile(path, (file) => new Promise((done, fail) => file.exec(sql, (e) => (e ? fail(e) : done()))));
}

function contentOf(path: string, reads: readonly string[]) {
  return withFile(path, async (file) => {
    const all = (sql: string) =>
      new Promise<Record<string, unknown>[]>((done, fail) =>
        file.all<Record<string, unknown>>(sql, (error, rows) => (error ? fail(error) : done(rows))),
      );
    const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
    const schema = await all('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name');
    const tables = schema.filter(({ type, sql }) => type === 'table' && !/VIRTUAL/.test(String(sql)));
    const names = [...new Set([...tables.map(({ name }) => String(name)), ...reads])].filter(
      (name) => !/^sqlite_(sequence|stat)/.test(name) || reads.includes(name),
    );
    const rows: Record<string, unknown[]> = {};
    for (const name of names) {
      const columns = (await all(`PRAGMA table_xinfo(${quoted(name)})`)).filter(({ hidden }) => hidden !== 1);
      const values = columns.map(
        ({ name: column }) => `typeof(${quoted(String(column))}) || ':' || hex(${quoted(String(column))})`,
      );
      // Quoted text would lose a NUL character and the difference between NULL and ''.
      const list = values.map((value, index) => `coalesce(${value}, 'null') AS c${index}`).join(', ');
      rows[name] = (await all(`SELECT ${list} FROM ${quoted(name)}`)).map((row) => JSON.stringify(row)).sort();
    }
    const pragmas = ['page_size', 'auto_vacuum', 'user_version', 'application_id', 'encoding', 'journal_mode'];
    const settings = await Promise.all(pragmas.map((name) => all(`PRAGMA ${name}`)));
    return { schema, rows, settings };
  });
}
