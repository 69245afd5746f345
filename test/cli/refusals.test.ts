import assert from 'node:assert/strict';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DIALECTS, hostedProject, type Project, type Result, withMigrations, withModels } from './fixtures.ts';

/** Everything that a person can get wrong has a sentence and a code, and never a stack or a password. */
describe('what db-manager refuses', () => {
  const plain = ({ out, err }: Result) => {
    assert.doesNotMatch(out + err, /^\s+at .*\.[tj]s:\d+/m, 'no stack trace');
    assert.doesNotMatch(out + err, /s3cret/, 'no password');
  };

  describe('on the command line', () => {
    let here: Project;
    before(async () => {
      here = await withMigrations(await hostedProject('sqlite'));
    });

    const cases: [args: string[], code: number, says: RegExp][] = [
      [['histroy'], 2, /unknown command 'histroy'/],
      [['migrate', 'histroy'], 2, /Did you mean history\?/],
      [['safe-migrat'], 2, /Did you mean safe-migrate\?/],
      [['backup', '--nmae', 'x'], 2, /unknown option '--nmae'/],
      [['restore'], 2, /missing required argument 'file'/],
      [['safe-migrate', '--rehearsal', 'maybe'], 2, /Allowed choices are auto, full, schema, disabled/],
      [['prune', '--keep-last', 'many'], 2, /It must be a whole number/],
      [['prune', '--keep-last', '0'], 2, /--keep-last must be at least 1/],
      [['adopt'], 2, /required option '--from <tool>'/],
      [['adopt', '--from', 'excel'], 2, /--from must be one of sequelize, alembic/],
      [['repair', '--interrupted', 'perhaps'], 2, /applied or notApplied, not "perhaps"/],
      [['--config', 'gone.yaml', 'config'], 2, /The configuration file .*gone\.yaml does not exist/],
      [['--database-url', 'mysql://root:s3cret@db/x', 'migrate', 'current'], 2, /"mysql" is not supported/],
      [['--database-url', 'postgres://app:s3cret@127.0.0.1:1', 'migrate', 'current'], 2, /has no database name/],
      [['--database-url', 'sqlite://', 'migrate', 'current'], 2, /in memory is lost/],
      [['backup', '--name', '../x'], 1, /The database file .* does not exist.*db-manager init/],
      [['verify-backup', 'nothing'], 2, /BackupNotFound: .* has no backup "nothing"/],
      [['run', '-f', 'gone.yaml'], 2, /gone\.yaml does not exist or cannot be read/],
      [['--migrations', 'gone', 'init', '--no-tables'], 0, /^$/],
      [['--models', 'nowhere', 'create-tables'], 2, /no models at .*nowhere/],
    ];
    for (const [args, code, says] of cases) {
      it(`db-manager ${args.join(' ').replace(/:[^:@]*@/, ':…@')} ends with ${code}`, async () => {
        const result = await here.run(...args);
        assert.equal(result.code, code, result.out + result.err);
        assert.match(result.err, says);
        plain(result);
      });
    }

    it('shows help and the version', async () => {
      assert.equal((await here.run('--help')).code, 0);
      assert.equal((await here.run('migrate', '--help')).code, 0);
      assert.match((await here.run('--version')).out, /^\d+\.\d+\.\d+/);
    });
  });

  it('a command without a database prints the three ways to set one', async () => {
    const here = await hostedProject('sqlite');
    const result = await here.runWith({ DATABASE_URL: undefined }, 'migrate', 'current');
    assert.equal(result.code, 2);
    assert.match(result.err, /--database-url.*DATABASE_URL.*DB_PATH.*db-manager\.config/s);
  });

  it('an unreachable server is reported within seconds, without the password', async () => {
    const here = await withMigrations(await hostedProject('sqlite'));
    await here.write('db-manager.config.yaml', 'timeouts: {connect: 1s}');
    const env = { DATABASE_URL: 'postgres://app:s3cret@127.0.0.1:1/trading' };
    const result = await here.runWith(env, 'migrate', 'current');
    assert.equal(result.code, 1);
    assert.match(result.err, /DatabaseUnreachable/);
    plain(result);
    const config = await here.runWith(env, 'config', '--json');
    assert.match(config.out, /postgres:\/\/app@127\.0\.0\.1:1\/trading/);
    plain(config);
    const version6 = { DATABASE_URL: 'postgres://app:s3cret@[::1]:1/trading' };
    assert.match((await here.runWith(version6, 'migrate', 'current')).err, /DatabaseUnreachable.* \S*\[::1\]:1/);
  });

  it('an error is one document with --json, before or after the command', async () => {
    const here = await withMigrations(await hostedProject('sqlite'));
    for (const args of [
      ['--json', 'migrate', 'current'],
      ['migrate', 'current', '--json'],
    ]) {
      const { code, out, err } = await here.run(...args);
      assert.equal(code, 1);
      const { error } = JSON.parse(out) as { error: { reason: string; message: string; help: string } };
      assert.equal(error.reason, 'DatabaseNotFound');
      assert.match(error.message, /db-manager init/);
      assert.equal(err, '');
    }
  });

  for (const dialect of DIALECTS) {
    it(`what cannot be undone, without a terminal and without --force, on ${dialect}`, async () => {
      const here = await withModels(await withMigrations(await hostedProject(dialect)));
      await here.run('init', '--migrate');
      await here.run('backup', '--name', 'kept');
      for (const args of [['drop-tables'], ['restore', 'kept']]) {
        const result = await here.run(...args);
        assert.equal(result.code, 4);
        assert.match(result.err, /Cancelled: .*--force/);
      }
      assert.equal((await here.run('validate')).code, 0, 'everything is still there');
    });

    it(`an altered backup, before the target is touched, on ${dialect}`, async () => {
      const here = await withMigrations(await hostedProject(dialect));
      await here.run('init', '--migrate');
      const { path } = await here.json<{ path: string }>('backup');
      assert.equal((await here.run('verify-backup', 'latest')).code, 0);
      await appendFile(path, 'x');
      const verified = await here.run('verify-backup', path);
      assert.equal(verified.code, 1);
      assert.match(verified.err, /BackupInvalid/);
      assert.equal((await here.run('restore', path, '--force')).code, 1);
      assert.equal((await here.run('migrate', 'current')).code, 0);
      assert.match((await here.run('list-backups')).out, /not a backup: .*truncated or changed/);
    });

    it(`another database's backup, unless the target is named, on ${dialect}`, async () => {
      const here = await withMigrations(await hostedProject(dialect));
      const other = await hostedProject(dialect);
      await here.run('init', '--migrate');
      await other.run('init', '--no-tables');
      const { path } = await here.json<{ path: string }>('backup');
      assert.equal((await other.run('restore', path, '--force')).code, 4);
      const url = dialect === 'sqlite' ? `sqlite:///${join(other.folder, 'data/app.db')}` : other.url;
      const into = await here.run('restore', path, '--force', '--into', url);
      assert.equal(into.code, 0, into.err);
      assert.equal(
        (await other.runWith({}, '--migrations', join(here.folder, 'migrations'), 'migrate', 'current')).code,
        0,
      );
    });
  }

  it('a configuration with mistakes, all reported together', async () => {
    const here = await hostedProject('sqlite');
    await mkdir(join(here.folder, 'sub'));
    await writeFile(join(here.folder, 'db-manager.config.json'), '{"migration":"x","onFailure":"Panic"}');
    const result = await here.run('migrate', 'current');
    assert.equal(result.code, 2);
    assert.match(result.err, /Unrecognized key.*migration/s);
    assert.match(result.err, /onFailure/);
    plain(result);
  });
});
