import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sharedPostgres } from '../support/postgres.ts';
import { DIALECTS, hostedProject, type Project, withMigrations } from './fixtures.ts';

/** `restore --into` a database that does not exist, as a user types it. */
describe('db-manager restore --into', function () {
  this.timeout(60_000);

  for (const dialect of DIALECTS) {
    describe(`a database of ${dialect} that does not exist`, () => {
      let here: Project;
      const other = (name: string) =>
        dialect === 'sqlite' ? `sqlite:///${name}.db` : here.url.replace(/\/[^/]*$/, `/${name}`);
      const exists = async (name: string) =>
        dialect === 'sqlite'
          ? (await stat(join(here.folder, `${name}.db`)).catch(() => undefined)) !== undefined
          : (await (await sharedPostgres()).query('SELECT FROM pg_database WHERE datname = $1', [name])).length > 0;
      const fresh = (what: string) => `into_${what}_${randomBytes(4).toString('hex')}`;

      before(async () => {
        here = await withMigrations(await hostedProject(dialect));
        await here.run('migrate', 'upgrade');
        await here.run('backup', '--name', 'whole');
      });

      it('reports that it created it, fills it, and takes no safety backup of nothing', async () => {
        const name = fresh('new');
        const { code, out, err } = await here.run('restore', 'whole', '--force', '--into', other(name));
        assert.equal(code, 0, err);
        assert.match(err + out, /created the database (file )?\S*into_new_/);
        assert.match(out, /whole\.\w+ restored; the database is at 20240102000000_add_author/);
        assert.doesNotMatch(out, /Safety backup/);
        assert.match((await here.runWith({ DATABASE_URL: other(name) }, 'migrate', 'current')).out, /add_author/);
        const backups = (await readdir(join(here.folder, 'data/backups'))).filter((file) => !file.endsWith('.json'));
        assert.equal(backups.filter((file) => !file.startsWith('.')).length, 1, backups.join());
        if (dialect === 'postgres') await (await sharedPostgres()).query(`DROP DATABASE "${name}" WITH (FORCE)`);
      });

      for (const [what, args, says] of [
        ['a backup that does not exist', ['latst'], /BackupNotFound: .*has no backup "latst"/],
        ['a path that does not exist', ['./gone/latst.db'], /BackupNotFound/],
      ] as const) {
        it(`creates nothing for ${what}`, async () => {
          const name = fresh('typo');
          const { code, err } = await here.run('restore', ...args, '--force', '--into', other(name));
          assert.equal(code, 2, err);
          assert.match(err, says);
          assert.equal(await exists(name), false);
        });
      }

      it('creates nothing for a backup of the other kind of database', async () => {
        const name = fresh('kind');
        const wrong = dialect === 'sqlite' ? (await sharedPostgres()).url(name) : `sqlite:///${name}.db`;
        const { code, err } = await here.run('restore', 'whole', '--force', '--into', wrong);
        assert.equal(code, 4, err);
        assert.match(err, /BackupMismatch: .*which is a different kind of database/);
        assert.match(err, /next: .*`--into <url>` accepts a backup of another database of the same kind/);
        assert.equal((await stat(join(here.folder, `${name}.db`)).catch(() => undefined)) !== undefined, false);
        assert.deepEqual(
          await (await sharedPostgres()).query('SELECT FROM pg_database WHERE datname = $1', [name]),
          [],
        );
      });

      it('asks with the name of that database, and of its own without --into', async () => {
        const [name, own] = [fresh('question'), await here.run('restore', 'whole')];
        assert.equal(own.code, 4);
        assert.match(own.err, /Replace the content of \S+ with whole\?/);
        const { code, err } = await here.run('restore', 'whole', '--into', other(name));
        assert.equal(code, 4, err);
        assert.match(err, new RegExp(`Replace the content of \\S*${name}\\S* with whole\\?`));
        assert.doesNotMatch(err, /:[^/@\s]+@/, 'no password');
        assert.equal(await exists(name), false);
      });
    });
  }

  it('creates no SQLite file where its URL has mode=rw, as SQLite itself does not', async () => {
    const here = await withMigrations(await hostedProject('sqlite'));
    await here.run('migrate', 'upgrade');
    await here.run('backup', '--name', 'whole');
    const into = (url: string) => here.run('restore', 'whole', '--force', '--into', url);
    for (const url of ['sqlite:///none.db?mode=rw', 'file:none.db?mode=rw']) {
      const { code, err } = await into(url);
      assert.equal(code, 1, err);
      assert.match(err, /DatabaseNotFound: .*none\.db does not exist, and mode=rw in its URL does not create it/);
    }
    assert.equal((await here.runWith({ DATABASE_URL: 'sqlite:///none.db?mode=rw' }, 'safe-migrate')).code, 1);
    assert.ok(!(await readdir(here.folder)).includes('none.db'));
    assert.equal((await into('sqlite:///none.db?mode=rwc')).code, 0);
    assert.equal((await into('sqlite:///none.db?mode=rw')).code, 0);
  });
});
