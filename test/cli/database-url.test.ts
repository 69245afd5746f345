import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sharedPostgres, TEST_PASSWORD, TEST_USER } from '../support/postgres.ts';
import { hostedProject, withMigrations } from './fixtures.ts';

const SECRET = 's3cret-in-url';

describe('the database URL on the command line', function () {
  this.timeout(120_000);

  it('becomes no file and is in no output where it cannot be read', async () => {
    const here = await withMigrations(await hostedProject('sqlite'));
    const before = await readdir(here.folder, { recursive: true });
    const texts = [
      `"postgres://u:${SECRET}@127.0.0.1:1/d`,
      `postgres//u:${SECRET}@127.0.0.1:1/d`,
      `postgres:/u:${SECRET}@h/d`,
      `host=127.0.0.1 password=${SECRET}`,
      `DATABASE_URL=postgres://u:${SECRET}@h/d`,
      `Server=h;Password=${SECRET};`,
      `u:${SECRET}@h/d.db`,
    ];
    for (const text of texts) {
      for (const args of [['migrate', 'upgrade'], ['config'], ['backup']]) {
        const { code, out, err } = await here.runWith({ DATABASE_URL: text }, ...args);
        assert.equal(code, 2, `${args.join(' ')} ${out}${err}`);
        assert.doesNotMatch(out + err, /s3cret/);
      }
    }
    for (const text of texts.slice(0, 3)) {
      const { code, out, err } = await here.runWith({ DATABASE_URL: undefined, DB_PATH: text }, 'migrate', 'upgrade');
      assert.equal(code, 2);
      assert.doesNotMatch(out + err, /s3cret/);
    }
    assert.deepEqual(await readdir(here.folder, { recursive: true }), before);
  });

  it('is masked by config in every form that can be read', async () => {
    const here = await hostedProject('sqlite');
    for (const text of [
      `postgres://u:${SECRET}@h/d`,
      ` 'postgres://u:${SECRET}@h/d' `,
      `host=h user=u dbname=d password=${SECRET}`,
      `jdbc:postgresql://h/d?user=u&password=${SECRET}`,
      `postgres://u@h/d?password=${SECRET}`,
    ]) {
      const { code, out, err } = await here.runWith({ DATABASE_URL: text }, 'config', '--json');
      assert.equal(code, 0, err);
      assert.match(out, /postgres:\/\/u@h:5432\/d/);
      assert.doesNotMatch(out + err, /s3cret/);
    }
  });

  it('names a SQLite file exactly', async () => {
    const here = await withMigrations(await hostedProject('sqlite'));
    for (const [url, file] of [
      ['sqlite:///q%3Fm.db', 'q?m.db'],
      ['sqlite:///a%23b%25c.db', 'a#b%c.db'],
      ['sqlite:///with blank ü.db', 'with blank ü.db'],
      ['file:plain?mode=rwc', 'plain'],
    ] as const) {
      const { code, err } = await here.runWith({ DATABASE_URL: url }, 'migrate', 'upgrade');
      assert.equal(code, 0, err);
      assert.ok((await readdir(here.folder)).includes(file), file);
      const current = await here.runWith({ DATABASE_URL: url }, 'migrate', 'current');
      assert.equal(current.code, 0, current.err);
      const backup = await here.runWith({ DATABASE_URL: url }, 'backup');
      assert.equal(backup.code, 0, backup.err);
    }
    assert.ok(!(await readdir(here.folder)).includes('q'));
  });

  it('reports which file was created, unless it was requested', async () => {
    const here = await withMigrations(await hostedProject('sqlite'));
    const { err } = await here.run('migrate', 'upgrade');
    assert.match(err, /created the database file .*app\.db/);
    assert.doesNotMatch((await here.run('migrate', 'upgrade')).err, /created/);
  });

  it('with a wrong database name is an error; --create and init create it', async () => {
    const here = await withMigrations(await hostedProject('postgres'));
    const missing = (name: string) => ({ DATABASE_URL: here.url.replace(/[^/]*$/, name) });
    const postgres = await sharedPostgres();
    const there = async (name: string) =>
      (await postgres.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])).length === 1;
    for (const args of [
      ['migrate', 'upgrade'],
      ['safe-migrate'],
      ['migrate', 'stamp', 'head'],
      ['migrate', 'history'],
      ['migrate', 'current'],
      ['backup'],
    ]) {
      const { code, out, err } = await here.runWith(missing('typo_in_name'), ...args);
      assert.match(out + err, /DatabaseNotFound/, args.join(' '));
      assert.equal(code, 1);
    }
    assert.equal(await there('typo_in_name'), false);
    for (const [name, ...args] of [
      ['made_by_upgrade', 'migrate', 'upgrade', '--create'],
      ['made_by_run', 'safe-migrate', '--create'],
      ['made_by_init', 'init', '--migrate'],
    ] as const) {
      const { code, out, err } = await here.runWith(missing(name), ...args);
      assert.equal(code, 0, out + err);
      assert.equal(await there(name), true, name);
      await postgres.query(`DROP DATABASE ${name} WITH (FORCE)`);
    }
  });

  it('without a password takes that of the environment, for pg_dump and the rehearsal too', async () => {
    const here = await withMigrations(await hostedProject('postgres'));
    const bare = here.url.replace(`:${TEST_PASSWORD}@`, '@');
    const env = { DATABASE_URL: bare, PGPASSWORD: TEST_PASSWORD };
    const run = await here.runWith(env, 'safe-migrate');
    assert.equal(run.code, 0, run.out + run.err);
    const backup = await here.runWith(env, 'backup');
    assert.equal(backup.code, 0, backup.err);
    const { hostname, port, pathname } = new URL(here.url);
    const words = `host=${hostname} port=${port} user=${TEST_USER} dbname=${pathname.slice(1)}`;
    const current = await here.runWith({ DATABASE_URL: words, PGPASSWORD: TEST_PASSWORD }, 'migrate', 'current');
    assert.equal(current.code, 0, current.err);
  });

  it('with schemas that do not exist yet is backed up and restored; a backup of these alone is empty, and reports it', async () => {
    const here = await hostedProject('postgres');
    for (const schemas of ['test', 'one,two', 'Upper', 'p*', 'a.b']) {
      const url = `${here.url}?schemas=${schemas}`;
      const { code, out, err } = await here.runWith({ DATABASE_URL: url }, 'backup');
      assert.equal(code, 0, err);
      await here.write('db-manager.config.yaml', `backups: {schemas: [${schemas.replace('p*', "'p*'")}]}\n`);
      const limited = await here.runWith(
        { DATABASE_URL: url },
        'backup',
        '--name',
        `only-${schemas.replace(/\W/g, '-')}`,
      );
      assert.equal(limited.code, 0, limited.err);
      assert.match(limited.out + limited.err, /has no schema .*the backup is empty/);
      await here.write('db-manager.config.yaml', '{}\n');
      const restored = await here.runWith({ DATABASE_URL: url }, 'restore', 'latest', '--force');
      assert.equal(restored.code, 0, restored.out + restored.err);
      assert.ok(out.length > 0);
    }
    await here.write('migrations/20240101000000_t.sql', '-- migrate:up\nCREATE TABLE test.t (n int);\n');
    const run = await here.runWith({ DATABASE_URL: `${here.url}?schemas=test` }, 'safe-migrate');
    assert.equal(run.code, 0, run.out + run.err);
    assert.ok((await readdir(join(here.folder, 'data/backups'))).length > 0);
  });
});
