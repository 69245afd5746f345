import assert from 'node:assert/strict';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import pg from 'pg';
import { DIALECTS, temporaryDatabase } from './databases.ts';
import { type PrivatePostgres, sharedPostgres, startPostgres, TEST_PASSWORD } from './postgres.ts';

async function ask(connectionString: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows[0]?.[0];
  } finally {
    await client.end();
  }
}

describe('a private PostgreSQL', () => {
  let postgres: PrivatePostgres;
  before(async () => {
    postgres = await sharedPostgres();
  });

  it('answers the right password', async () => {
    assert.equal(await ask(postgres.url(), 'SELECT 40 + 2'), 42);
  });

  it('refuses a wrong password', async () => {
    const wrong = postgres.url().replace(TEST_PASSWORD, 'wrong');
    await assert.rejects(ask(wrong, 'SELECT 1'), { code: '28P01' });
  });

  it('is owned by a user that is not root, in a folder that no other user can read', async () => {
    const folder = await stat(postgres.dataFolder);
    assert.notEqual(folder.uid, 0);
    assert.equal(folder.mode & 0o077, 0);
  });

  it('gives each test a separate empty database, and drops it under open sessions', async () => {
    const [one, two] = await Promise.all([postgres.createDatabase('My test'), postgres.createDatabase('My test')]);
    assert.notEqual(one.url, two.url);
    assert.equal(await ask(two.url, `SELECT count(*)::int FROM pg_tables WHERE schemaname = 'public'`), 0);
    const session = new pg.Client({ connectionString: one.url });
    session.on('error', () => {});
    await session.connect();
    await one.drop();
    await one.drop();
    await assert.rejects(ask(one.url, 'SELECT 1'), { code: '3D000' });
    await two.drop();
  });

  it('keeps committed rows over a crash and restarts on the same port', async () => {
    const own = await startPostgres({ fsync: true, settings: { log_statement: 'all' } });
    try {
      assert.equal(await ask(own.url(), 'SHOW fsync'), 'on');
      await own.query('CREATE TABLE kept AS SELECT 7 AS n');
      await own.crash();
      await assert.rejects(ask(own.url(), 'SELECT 1'), { code: 'ECONNREFUSED' });
      await own.start();
      assert.equal(await ask(own.url(), 'SELECT n FROM kept'), 7);
      assert.match(await own.log(), /SELECT n FROM kept/);
    } finally {
      await own.stop();
    }
    await assert.rejects(access(dirname(own.dataFolder)), { code: 'ENOENT' });
  });
});

describe('a temporary database', () => {
  for (const dialect of DIALECTS) {
    it(`has a URL of its own kind on ${dialect}`, async () => {
      const database = await temporaryDatabase(dialect);
      assert.match(database.url, dialect === 'sqlite' ? /^sqlite:\/\/\/\/[^/]/ : /^postgresql:\/\//);
      await database.drop();
    });
  }
});
