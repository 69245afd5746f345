import assert from 'node:assert/strict';
import pg from 'pg';
import sqlite3 from 'sqlite3';
import type { Direction, LoadedMigration } from '../../src/core/model/migration.ts';
import { loadMigrations } from '../../src/migrations/load.ts';
import { readMigrations } from '../../src/migrations/read.ts';
import { DIALECTS, type TestDialect, temporaryDatabase } from '../support/databases.ts';
import { FIXTURES } from './files.ts';

/** The bare driver, one statement at a time as a migration runs: what we split has to be what the engine takes. */
interface Engine {
  run(sql: string): Promise<void>;
  schema(): Promise<unknown[]>;
  close(): Promise<void>;
}

async function openEngine(dialect: TestDialect): Promise<Engine> {
  const { url } = await temporaryDatabase(dialect);
  return dialect === 'postgres' ? openPostgres(url) : openSqlite(url.replace('sqlite:///', ''));
}

async function openPostgres(url: string): Promise<Engine> {
  const client = new pg.Client(url);
  await client.connect();
  return {
    // With a name the extended protocol is used, which refuses two statements in one.
    run: async (sql) => void (await client.query({ text: sql, values: [] })),
    schema: async () =>
      (
        await client.query(
          `SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace
           UNION ALL SELECT proname, 'f' FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1`,
        )
      ).rows,
    close: () => client.end(),
  };
}

async function openSqlite(path: string): Promise<Engine> {
  const db = new sqlite3.Database(path);
  const ask = (sql: string) =>
    new Promise<unknown[]>((resolve, reject) => {
      db.all(sql, (error, rows) => (error === null ? resolve(rows) : reject(error)));
    });
  return {
    run: async (sql) => void (await ask(sql)),
    schema: () => ask("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name"),
    close: () => new Promise((resolve, reject) => db.close((error) => (error === null ? resolve() : reject(error)))),
  };
}

async function runAll(engine: Engine, migrations: readonly LoadedMigration[], direction: Direction): Promise<void> {
  for (const migration of migrations) {
    const body = migration[direction];
    assert.ok(body?.kind === 'sql', `${migration.revision} has SQL for ${direction}`);
    for (const { sql } of body.statements) await engine.run(sql);
  }
}

const FOLDERS: Record<TestDialect, string[]> = {
  postgres: ['dbmate', 'goose', 'golang-migrate', 'flyway', 'postgres'],
  sqlite: ['dbmate', 'goose', 'golang-migrate', 'flyway', 'sqlite'],
};

describe('SQL as it is split, on the engines', () => {
  for (const dialect of DIALECTS) {
    for (const folder of FOLDERS[dialect]) {
      it(`goes up, down and up on ${dialect}: ${folder}`, async () => {
        const read = await readMigrations(`${FIXTURES}/${folder}`);
        assert.ok(read.ok);
        const migrations = await loadMigrations(`${FIXTURES}/${folder}`, read.files, dialect);
        const engine = await openEngine(dialect);
        try {
          const before = await engine.schema();
          await runAll(engine, migrations, 'up');
          const after = await engine.schema();
          assert.ok(after.length > before.length);
          await runAll(engine, migrations.toReversed(), 'down');
          assert.deepEqual(await engine.schema(), before);
          await runAll(engine, migrations, 'up');
          assert.deepEqual(await engine.schema(), after);
        } finally {
          await engine.close();
        }
      });
    }

    it(`applies plain SQL on ${dialect}`, async () => {
      const read = await readMigrations(`${FIXTURES}/sql`);
      assert.ok(read.ok);
      const engine = await openEngine(dialect);
      try {
        await runAll(engine, await loadMigrations(`${FIXTURES}/sql`, read.files, dialect), 'up');
        assert.match(JSON.stringify(await engine.schema()), /plain_accounts_name/);
      } finally {
        await engine.close();
      }
    });
  }
});
