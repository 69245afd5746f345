import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProblemError } from '../../src/core/model/problem.ts';
import { resolveSettings } from '../../src/library/settings/resolve.ts';
import { temporaryFolder } from '../support/databases.ts';

describe('the settings', () => {
  let cwd: string;
  beforeEach(async () => {
    cwd = await temporaryFolder('settings');
  });

  const file = (name: string, text: string) => writeFile(join(cwd, name), text);

  it('have defaults below the working directory, and no models if there is no folder of that name', async () => {
    const { settings, sources } = await resolveSettings({ cwd, env: {} });
    assert.equal(settings.migrations, join(cwd, 'migrations'));
    assert.equal(settings.backups.folder, join(cwd, 'data/backups'));
    assert.deepEqual(settings.backups.retain, { last: 10, days: 30 });
    assert.equal(settings.models, undefined);
    assert.equal(settings.target, undefined);
    assert.equal(settings.timeouts.run, 30 * 60_000);
    assert.equal(sources.migrations, 'default');
  });

  it('find a folder of models', async () => {
    await mkdir(join(cwd, 'models'));
    assert.equal((await resolveSettings({ cwd, env: {} })).settings.models, join(cwd, 'models'));
  });

  it('take an option before the environment, that before the file, and that before the defaults, leaf by leaf', async () => {
    await file(
      'db-manager.config.json',
      JSON.stringify({ databaseUrl: 'file.db', migrations: 'm', backups: { retain: { last: 3 } }, models: 'x' }),
    );
    const {
      settings,
      sources,
      file: found,
    } = await resolveSettings({
      cwd,
      env: { DATABASE_URL: 'sqlite:///env.db', DB_PATH: 'path.db' },
      models: 'y',
    });
    assert.deepEqual(settings.target, { dialect: 'sqlite', path: join(cwd, 'env.db') });
    assert.equal(settings.migrations, join(cwd, 'm'));
    assert.equal(settings.models, join(cwd, 'y'));
    assert.deepEqual(settings.backups.retain, { last: 3, days: 30 });
    assert.equal(sources.databaseUrl, 'DATABASE_URL');
    assert.equal(sources.models, 'option');
    assert.equal(sources['backups.retain.last'], found);
    assert.equal(sources['backups.retain.days'], 'default');
  });

  it('take DB_PATH for a SQLite file', async () => {
    const { settings, sources } = await resolveSettings({ cwd, env: { DB_PATH: 'data/app.db' } });
    assert.deepEqual(settings.target, { dialect: 'sqlite', path: join(cwd, 'data/app.db') });
    assert.equal(sources.databaseUrl, 'DB_PATH');
  });

  for (const [name, text] of [
    ['ts', "const folder: string = 'there';\nexport default { migrations: folder };"],
    ['mjs', "export default { migrations: 'there' };"],
    ['cjs', "module.exports = { migrations: 'there' };"],
    ['json', '{ "migrations": "there" }'],
    ['yaml', 'migrations: there'],
  ] as const) {
    it(`are read from db-manager.config.${name}`, async () => {
      await file(`db-manager.config.${name}`, text);
      assert.equal((await resolveSettings({ cwd, env: {} })).settings.migrations, join(cwd, 'there'));
    });
  }

  it('keep paths of a file relative to that file', async () => {
    await mkdir(join(cwd, 'sub'));
    await file('sub/other.json', '{ "migrations": "m", "databaseUrl": "sqlite:///d.db" }');
    const { settings } = await resolveSettings({ cwd, env: {}, config: 'sub/other.json' });
    assert.equal(settings.migrations, join(cwd, 'sub/m'));
    assert.deepEqual(settings.target, { dialect: 'sqlite', path: join(cwd, 'sub/d.db') });
  });

  it('report all mistakes of a file together', async () => {
    await file('db-manager.config.yaml', 'migration: x\ntimeouts: {lock: soon}\nsafety: {mode: Maybe}');
    const message = await problemOf(resolveSettings({ cwd, env: {} }));
    assert.match(message, /db-manager\.config\.yaml/);
    assert.match(message, /migration/);
    assert.match(message, /timeouts\.lock: must be a duration/);
    assert.match(message, /safety\.mode/);
  });

  it('refuse two files, a missing file, and one without a default export', async () => {
    assert.match(
      await problemOf(resolveSettings({ cwd, env: {}, config: 'gone.json' })),
      /The configuration file .*gone\.json does not exist/,
    );
    await file('db-manager.config.mjs', 'export const migrations = 1;');
    assert.match(await problemOf(resolveSettings({ cwd, env: {} })), /no default export/);
    await file('db-manager.config.json', '{}');
    assert.match(await problemOf(resolveSettings({ cwd, env: {} })), /several configuration files/);
  });

  it('check the options too, and never print a password', async () => {
    const safety = { mode: 'Sometimes' as 'Disabled' };
    assert.match(await problemOf(resolveSettings({ cwd, env: {}, safety })), /safety\.mode/);
    const { settings } = await resolveSettings({ cwd, env: { DATABASE_URL: 'postgres://app:s3cret@db/trading' } });
    assert.doesNotMatch(JSON.stringify(settings), /s3cret/);
  });
});

async function problemOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail('it was accepted'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ProblemError);
  assert.equal(error.problem.reason, 'InvalidConfiguration');
  return error.message;
}
