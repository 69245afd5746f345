import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import knex from 'knex';
import pg from 'pg';
import type { Database } from '../../src/database/port.ts';
import {
  adoptHistory,
  downgradeDatabase,
  getCurrentRevision,
  lintMigrations,
  upgradeDatabase,
} from '../../src/index.ts';
import { dbManager } from '../cli/process.ts';
import { look, query } from '../engine/request.ts';
import { DIALECTS, type TestDialect, temporaryDatabase, temporaryFolder } from '../support/databases.ts';

const KNEX = 'test/fixtures/tools/knex';
const KNEX_REVISIONS = ['20240101_users', '20240102_posts', '20240103_alter', '20240104_conc'];

/** Tables, columns and indexes without the tables in which tools keep their history. */
async function schemaOf(url: string): Promise<unknown> {
  const { tables } = await look(url, (database) => database.snapshot());
  const own = tables.filter(({ name }) => !/^(?:knex_|db_manager_|__drizzle|_prisma)/.test(name));
  return own.map(({ name, columns, indexes, foreignKeys, primaryKey }) => ({
    name,
    columns,
    indexes,
    foreignKeys,
    primaryKey,
  }));
}

const rowsOf = <Row extends object>(url: string, sql: string) =>
  look(url, (database: Database) => query<Row>(database, sql));

const write = (url: string, sql: string) =>
  look(url, async (database: Database) => {
    await (database.sequelize as { query(sql: string): Promise<unknown> }).query(sql);
  });

function realKnex(dialect: TestDialect, url: string) {
  const connection = dialect === 'sqlite' ? { filename: url.replace('sqlite:///', '') } : url;
  const client = dialect === 'sqlite' ? 'sqlite3' : 'pg';
  const migrations = { directory: resolve(KNEX), loadExtensions: ['.cjs'] };
  return knex({ client, connection, useNullAsDefault: dialect === 'sqlite', migrations });
}

for (const dialect of DIALECTS) {
  describe(`Migrations of Knex on ${dialect}`, function () {
    this.timeout(60_000);

    it('make what Knex makes, go down and up again, and are linted', async () => {
      const [theirs, ours] = [await temporaryDatabase(dialect), await temporaryDatabase(dialect)];
      const real = realKnex(dialect, theirs.url);
      await real.migrate.latest();
      await real.destroy();
      const options = { databaseUrl: ours.url, migrations: KNEX };
      const { migrations: applied } = await upgradeDatabase(options);
      assert.deepEqual(
        applied.map(({ revision }) => revision),
        KNEX_REVISIONS,
      );
      assert.deepEqual(await schemaOf(ours.url), await schemaOf(theirs.url));
      const users = await rowsOf(ours.url, 'SELECT id, email, name FROM users');
      assert.deepEqual(users, [{ id: 1, email: "o'hara?@x", name: 'y' }]);
      assert.equal((await rowsOf(ours.url, 'SELECT id FROM posts')).length, 1);
      const made = await schemaOf(ours.url);
      await downgradeDatabase({ ...options, target: 'base' });
      assert.deepEqual(await schemaOf(ours.url), []);
      await upgradeDatabase(options);
      assert.deepEqual(await schemaOf(ours.url), made);
      const { findings } = await lintMigrations({ migrations: KNEX, dialect });
      assert.deepEqual(
        findings.filter(({ rule }) => rule === 'drop-column').map(({ message }) => message),
        // Without a server, PostgreSQL's hasColumn is false, and the migration stops there.
        dialect === 'sqlite' ? ['Drops posts.title with its values.'] : [],
      );
    });

    it('are adopted from the table of Knex', async () => {
      const { url } = await temporaryDatabase(dialect);
      const real = realKnex(dialect, url);
      await real.migrate.up();
      await real.migrate.up();
      await real.destroy();
      const options = { databaseUrl: url, migrations: KNEX };
      const { adopted, unmatched } = await adoptHistory({ ...options, from: 'knex' });
      assert.deepEqual([adopted, unmatched], [KNEX_REVISIONS.slice(0, 2), []]);
      const { migrations: applied } = await upgradeDatabase(options);
      assert.deepEqual(
        applied.map(({ revision }) => revision),
        KNEX_REVISIONS.slice(2),
      );
    });

    it('need the Knex of their project', async () => {
      const folder = await temporaryFolder('no-knex');
      writeFileSync(join(folder, '1_a.cjs'), 'exports.up = (knex) => knex.schema.createTable("a", () => {});');
      const { code, stdout, stderr } = await dbManager(
        ['--migrations', folder, '--json', 'lint', '--dialect', dialect],
        {},
        folder,
      );
      assert.equal(code, 4, stderr);
      assert.match(stdout + stderr, /1_a\.cjs:1:1: This is a Knex migration.*npm install knex/);
    });

    it('are rolled back as a whole, with the message of the database alone', async () => {
      const { url } = await temporaryDatabase(dialect);
      const folder = await temporaryFolder('knex');
      const insert = "await k('secrets').insert([{ id: 1, word: 'hush-1' }, { id: 1, word: 'hush-2' }]);";
      const create = "await k.schema.createTable('secrets', (t) => { t.integer('id').primary(); t.string('word'); });";
      writeFileSync(join(folder, '1_a.cjs'), `exports.up = async (k) => { ${create} ${insert} };`);
      await assert.rejects(upgradeDatabase({ databaseUrl: url, migrations: folder }), (error: Error) => {
        assert.match(error.message, /unique|UNIQUE/);
        assert.doesNotMatch(error.message, /hush/);
        return true;
      });
      assert.deepEqual(await schemaOf(url), []);
    });

    const UNSENT: [code: string, says: RegExp][] = [
      ["(knex) => { knex.schema.createTable('b', (t) => t.increments()); }", /nor returns its createTable/],
      [
        "async (knex) => { await knex.schema.dropTable('a'); knex.schema.raw('SELECT 1'); }",
        /nor returns a query of knex\.raw/,
      ],
      ["async (knex) => { knex('a').where({ id: 1 }).del(); }", /nor returns its del/],
      ["async (knex) => { knex.raw('DROP TABLE a'); }", /nor returns a query of knex\.raw/],
      ["(knex) => knex.transaction(async (trx) => { trx('a').insert({ id: 1 }); })", /nor returns its insert/],
    ];
    const SENT = [
      "(knex) => { knex('a').insert({ id: 1 }).then(() => knex('a').del()); }",
      "(knex) => [knex('a').where({ id: 9 }).del(), [knex.raw('DELETE FROM a')]]",
      "async (knex) => { const some = knex('a').select('id'); await knex('a').insert({ id: knex.raw('1 + 1') }); await knex('a').whereIn('id', some.clone()).del(); knex('a').where({ id: 1 }); }",
      "async (knex) => { await knex.raw(knex.schema.createTable('b', (t) => t.increments()).toString()); await knex.schema.dropTable('b'); }",
    ];
    it('fail where a change is not sent, because nothing awaits it', async () => {
      const { url } = await temporaryDatabase(dialect);
      const first = "exports.up = (knex) => knex.schema.createTable('a', (t) => t.integer('id'));";
      for (const [code, says] of [...UNSENT, ...SENT.map((code) => [code, undefined] as const)]) {
        const folder = await temporaryFolder('knex');
        writeFileSync(join(folder, '1_a.cjs'), first);
        writeFileSync(join(folder, '2_b.cjs'), `exports.up = ${code};`);
        const run = upgradeDatabase({ databaseUrl: url, migrations: folder, target: '2_b' });
        if (says === undefined) {
          await run;
          await write(url, "DELETE FROM db_manager_history WHERE revision = '2_b'");
        } else {
          await assert.rejects(run, says, code);
        }
        assert.equal((await rowsOf(url, 'SELECT * FROM a')).length, 0, code);
      }
    });
  });
}

describe('Migrations of Drizzle', function () {
  this.timeout(60_000);
  const FOLDER = 'test/fixtures/tools/drizzle-postgres';

  it('make what Drizzle makes, and are adopted from its table with their checksums', async () => {
    const [theirs, ours] = [await temporaryDatabase('postgres'), await temporaryDatabase('postgres')];
    const pool = new pg.Pool({ connectionString: theirs.url });
    await migrate(drizzle(pool), { migrationsFolder: FOLDER });
    await pool.end();
    await upgradeDatabase({ databaseUrl: ours.url, migrations: FOLDER });
    assert.deepEqual(await schemaOf(ours.url), await schemaOf(theirs.url));
    const options = { databaseUrl: theirs.url, migrations: FOLDER };
    const { adopted, unmatched } = await adoptHistory({ ...options, from: 'drizzle' });
    assert.deepEqual([adopted, unmatched], [['0000_first', '0001_second'], []]);
    assert.deepEqual((await upgradeDatabase(options)).migrations, []);
    const [row] = await rowsOf<{ checksum: string }>(theirs.url, 'SELECT checksum FROM db_manager_history');
    const hash = createHash('sha256')
      .update(readFileSync(join(FOLDER, '0000_first.sql')))
      .digest('hex');
    assert.equal(row?.checksum, `sha256:${hash}`);
  });

  it('rebuild a table on SQLite without touching the rows that reference it', async () => {
    const { url } = await temporaryDatabase('sqlite');
    const migrations = await temporaryFolder('drizzle');
    cpSync('test/fixtures/tools/drizzle-sqlite', migrations, { recursive: true });
    await upgradeDatabase({ databaseUrl: url, migrations, target: '0000_first' });
    await write(url, "INSERT INTO users VALUES (1, 'a')");
    await write(url, 'INSERT INTO posts VALUES (1, 1), (2, 1)');
    await upgradeDatabase({ databaseUrl: url, migrations });
    assert.deepEqual(await rowsOf(url, 'SELECT id, author_id FROM posts'), [
      { id: 1, author_id: 1 },
      { id: 2, author_id: 1 },
    ]);
  });
});

describe('Migrations of Prisma', function () {
  this.timeout(60_000);

  /** Folders with the layout and the statements that `prisma migrate dev` writes. */
  async function folderOf(files: Record<string, string>): Promise<string> {
    const folder = await temporaryFolder('prisma');
    for (const [name, text] of Object.entries({ 'migration_lock.toml': 'provider = "x"\n', ...files })) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return folder;
  }

  const USERS =
    '-- CreateTable\nCREATE TABLE "User" (\n    "id" INTEGER NOT NULL PRIMARY KEY,\n    "email" TEXT NOT NULL\n);\n';
  const POSTS =
    '-- CreateTable\nCREATE TABLE "Post" (\n    "id" INTEGER NOT NULL PRIMARY KEY,\n    "authorId" INTEGER NOT NULL,\n    CONSTRAINT "Post_authorId_fkey" FOREIGN KEY ("authorId") REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE\n);\n';
  const REDEFINE =
    '-- RedefineTables\nPRAGMA defer_foreign_keys=ON;\nPRAGMA foreign_keys=OFF;\nCREATE TABLE "new_User" (\n    "id" INTEGER NOT NULL PRIMARY KEY,\n    "email" TEXT\n);\nINSERT INTO "new_User" ("email", "id") SELECT "email", "id" FROM "User";\nDROP TABLE "User";\nALTER TABLE "new_User" RENAME TO "User";\nPRAGMA foreign_keys=ON;\nPRAGMA defer_foreign_keys=OFF;\n';

  it('are folders; a redefined table on SQLite keeps the rows that reference it', async () => {
    const { url } = await temporaryDatabase('sqlite');
    const migrations = await folderOf({
      '20240101120000_init/migration.sql': USERS + POSTS,
      '20240102120000_optional/migration.sql': REDEFINE,
    });
    await upgradeDatabase({ databaseUrl: url, migrations, target: '20240101120000_init' });
    await write(url, `INSERT INTO "User" VALUES (1, 'a')`);
    await write(url, 'INSERT INTO "Post" VALUES (1, 1)');
    const { migrations: applied } = await upgradeDatabase({ databaseUrl: url, migrations });
    assert.deepEqual(
      applied.map(({ revision }) => revision),
      ['20240102120000_optional'],
    );
    assert.deepEqual(await rowsOf(url, 'SELECT id FROM "Post"'), [{ id: 1 }]);
  });

  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const TABLE =
    'CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ, migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)';
  const row = (name: string, text: string, finished: string, rolledBack = 'NULL') =>
    `INSERT INTO _prisma_migrations VALUES ('${name}${rolledBack}', '${hash(text)}', ${finished}, '${name}', NULL, ${rolledBack}, now(), 1)`;

  it('are adopted from its table: finished rows, with the checksum where the file is unchanged', async () => {
    const { url } = await temporaryDatabase('postgres');
    const migrations = await folderOf({
      '0_init/migration.sql': USERS,
      '20240102120000_posts/migration.sql': POSTS,
      '20240102120000_posts/down.sql': 'DROP TABLE "Post";',
    });
    await write(url, TABLE);
    await write(url, USERS);
    await write(url, row('0_init', USERS, 'now()'));
    await write(url, row('20240102120000_posts', POSTS, 'NULL', 'now()'));
    await write(url, row('20230101120000_gone', POSTS, 'now()'));
    const options = { databaseUrl: url, migrations };
    const { adopted, unmatched } = await adoptHistory({ ...options, from: 'prisma' });
    assert.deepEqual([adopted, unmatched], [['0_init'], ['20230101120000_gone']]);
    const [stored] = await rowsOf<{ checksum: string }>(url, 'SELECT checksum FROM db_manager_history');
    assert.equal(stored?.checksum, `sha256:${hash(USERS)}`);
    await upgradeDatabase(options);
    await downgradeDatabase({ ...options, target: '-1' });
    assert.equal((await getCurrentRevision(options)).revision, '0_init');
  });

  it('are not adopted while one of them failed', async () => {
    const { url } = await temporaryDatabase('postgres');
    const migrations = await folderOf({ '0_init/migration.sql': USERS });
    await write(url, TABLE);
    await write(url, row('0_init', USERS, 'NULL'));
    await assert.rejects(
      adoptHistory({ databaseUrl: url, migrations, from: 'prisma' }),
      /Prisma recorded 0_init as failed.*prisma migrate resolve/,
    );
  });
});
