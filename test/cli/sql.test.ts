import assert from 'node:assert/strict';
import { DIALECTS, hostedProject, withExample, withMigrations } from './fixtures.ts';

for (const dialect of DIALECTS) {
  describe(`db-manager migrate sql on ${dialect}`, () => {
    it('prints a range of .sql files without a database, there and back', async () => {
      const here = await withMigrations(await hostedProject('sqlite'));
      const env = dialect === 'sqlite' ? {} : { DATABASE_URL: 'postgres://nobody:s3cret@127.0.0.1:1/none' };
      const up = await here.runWith(env, 'migrate', 'sql', 'base:head');
      assert.equal(up.code, 0, up.err);
      assert.match(up.out, /^-- 20240101000000_create_notes \(up\)\nBEGIN;\nCREATE TABLE notes \(.*\);\nCOMMIT;/);
      const down = await here.runWith(env, 'migrate', 'sql', '20240102:base');
      assert.match(
        down.out,
        /add_author \(down\)\nBEGIN;\nALTER TABLE notes DROP COLUMN author;.*create_notes \(down\)/s,
      );
    });

    it('records what code sends, leaves the database alone, and gives SQL that makes the same schema', async () => {
      const here = await withExample(await hostedProject(dialect));
      await here.run('init', '--no-tables');
      const { code, out, err } = await here.run('migrate', 'sql');
      assert.equal(code, 0, err);
      assert.match(out, /create_accounts_and_instruments \(up\)\n-- recorded on an empty database/);
      assert.match(out, /add_order_notional/);
      assert.equal((await here.run('migrate', 'current')).code, 3, 'nothing was applied');

      const other = await hostedProject(dialect);
      await other.write(
        'migrations/1_all.sql',
        `-- migrate:up\n${out.replace(/^(BEGIN|COMMIT);$/gm, '')}\n-- migrate:down\n`,
      );
      await other.run('init', '--no-tables');
      const applied = await other.run('migrate', 'upgrade');
      assert.equal(applied.code, 0, applied.err);
      await here.run('migrate', 'upgrade');
      const tables = async (of: typeof here) =>
        Object.keys((await of.json<{ tables: Record<string, unknown> }>('validate')).tables);
      assert.deepEqual(await tables(other), await tables(here));
    });

    it('refuses an invalid range', async () => {
      const here = await withMigrations(await hostedProject(dialect));
      for (const range of ['x', 'a:b:c', 'base:nowhere']) {
        assert.equal((await here.run('migrate', 'sql', range)).code, 2, range);
      }
    });
  });
}
