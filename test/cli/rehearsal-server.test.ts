import assert from 'node:assert/strict';
import { migrateSql } from '../../src/library/sql.ts';
import { type PrivatePostgres, startPostgres, TEST_PASSWORD } from '../support/postgres.ts';
import { hostedProject, type Project } from './fixtures.ts';

/** Two files of SQL and one of code that reports where it runs. */
const FILES = {
  'migrations/1_a.sql': '-- migrate:up\nCREATE TABLE a (id bigint PRIMARY KEY);\n',
  'migrations/2_where.mjs': `export async function up({ context: { sequelize } }) {
  const [[row]] = await sequelize.query("SELECT current_setting('cluster_name') AS name, current_database() AS database");
  await sequelize.query('CREATE TABLE b (id bigint PRIMARY KEY)');
  console.log('ran on ' + (row.name === 'other' ? 'the other server' : row.database));
}
`,
};

describe('scratch copies on the server of a URL', function () {
  this.timeout(120_000);
  let other: PrivatePostgres;
  let here: Project;
  let env: Record<string, string>;
  before(async () => {
    other = await startPostgres({ settings: { cluster_name: 'other' } });
    await other.query(`CREATE ROLE copies LOGIN CREATEDB PASSWORD '${TEST_PASSWORD}'`);
    const url = other.url().replace(/\/\/[^:]+:/, '//copies:');
    here = await hostedProject('postgres');
    for (const [name, text] of Object.entries(FILES)) await here.write(name, text);
    env = { DATABASE_URL: here.url, COPIES_URL: url, SQLITE_URL: 'sqlite:///tmp/none.db' };
  });
  after(() => other.stop());

  const shared = () =>
    other.query(
      `SELECT datname::text AS name FROM pg_database UNION ALL SELECT rolname::text FROM pg_roles ORDER BY 1`,
    );

  it('are created by each command with the option, used there only, and dropped', async () => {
    const before = await shared();
    for (const command of [['migrate', 'sql', 'base:head'], ['safety-check'], ['safe-migrate'], ['validate']]) {
      const { code, out, err } = await here.runWith(env, ...command, '--rehearsal-server', 'env:COPIES_URL');
      assert.equal(code, 0, `${command.join(' ')}: ${out}${err}`);
      if (command[0] === 'safe-migrate') {
        assert.match(out, /on the server of safety\.rehearsalServer/);
      }
      assert.ok(!`${out}${err}`.includes(TEST_PASSWORD));
      assert.deepEqual(await shared(), before, command.join(' '));
    }
  });

  it('are created there by the library too, with the URL in the environment that it was given', async () => {
    const sql = await migrateSql({
      cwd: here.folder,
      databaseUrl: here.url,
      range: 'base:head',
      env: { COPIES_URL: env.COPIES_URL },
      rehearsalServer: { urlVariable: 'COPIES_URL' },
    });
    assert.deepEqual(sql.at(-1)?.statements.at(-1), 'CREATE TABLE b (id bigint PRIMARY KEY)');
    await assert.rejects(
      migrateSql({
        cwd: here.folder,
        databaseUrl: here.url,
        range: 'base:head',
        env: {},
        rehearsalServer: { urlVariable: 'COPIES_URL' },
      }),
      /environment variable COPIES_URL\. It is not set/,
    );
  });

  for (const [value, says] of [
    ['env:NOWHERE', /environment variable NOWHERE\. It is not set/],
    ['env:SQLITE_URL', /safety\.rehearsalServer is not a PostgreSQL URL/],
    ['env:DATABASE_URL', /safety\.rehearsalServer is the server of the target/],
    ['env:', /env:NAME, where NAME is an environment variable with the URL/],
    [`postgres://copies:${TEST_PASSWORD}@127.0.0.1/x`, /env:NAME, where NAME is an environment variable with the URL/],
  ] as const) {
    it(`are refused for --rehearsal-server ${value.replace(TEST_PASSWORD, '…')}`, async () => {
      const fresh = await hostedProject('postgres');
      for (const [name, text] of Object.entries(FILES)) await fresh.write(name, text);
      const { code, out, err } = await fresh.runWith(
        { ...env, DATABASE_URL: fresh.url },
        'migrate',
        'sql',
        'base:head',
        '--rehearsal-server',
        value,
      );
      assert.notEqual(code, 0, out + err);
      assert.match(out + err, says);
      assert.ok(!(out + err).includes(TEST_PASSWORD), out + err);
    });
  }
});
