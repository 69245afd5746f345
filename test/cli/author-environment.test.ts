import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DIALECTS, hostedProject } from './fixtures.ts';

const CODE = `module.exports = { up: async (q, S) => {
  console.log('URL', process.env.DATABASE_URL, 'CHILD', String(require('node:child_process').execSync('echo "[$DATABASE_URL]"')));
  await q.createTable('made', { id: { type: S.INTEGER, primaryKey: true } });
} };\n`;

for (const dialect of DIALECTS) {
  it(`DATABASE_URL is the target’s in no recording, on ${dialect}`, async () => {
    const here = await hostedProject(dialect);
    await here.run('init', '--no-tables');
    await here.write('migrations/1_code.cjs', CODE);
    for (const command of [
      ['lint', '--dialect', dialect],
      ['migrate', 'sql', 'base:head'],
    ]) {
      const { err } = await here.run(...command);
      assert.match(err, /URL .*CHILD \[/, command.join(' '));
      assert.ok(!err.includes(`URL ${here.url} `) && !err.includes(`[${here.url}]`), `${command.join(' ')}: ${err}`);
    }
    const { err, code } = await here.run('migrate', 'upgrade');
    assert.equal(code, 0, err);
    assert.ok(err.includes(`URL ${here.url} CHILD [${here.url}]`), err);
  });
}

const SHOWN = [
  'DB_HOST',
  'DB_PASS',
  'LEGACY_DSN',
  'DB_PATH',
  'STORAGE_URL',
  'PGHOST',
  'PGDATABASE',
  'DATABASE_URL_FILE',
  'UNRELATED',
];
const TELLS = `module.exports = { up: async (q, S) => {
  const names = ${JSON.stringify(SHOWN)};
  console.log('SEEN', JSON.stringify(names.map((name) => process.env[name] ?? null)), 'END');
  await q.createTable('made', { id: { type: S.INTEGER, primaryKey: true } });
} };\n`;

for (const dialect of DIALECTS) {
  it(`no variable leads to the target while code only is recorded or rehearsed, on ${dialect}`, async function () {
    this.timeout(240_000);
    const here = await hostedProject(dialect);
    const file = join(here.folder, 'data', 'app.db');
    const { hostname, password, pathname, port } = new URL(dialect === 'postgres' ? here.url : 'postgres://h:1/x');
    const database = pathname.slice(1);
    const env: Record<string, string> =
      dialect === 'sqlite'
        ? { DB_PATH: 'data/app.db', STORAGE_URL: `file:${file}?mode=rw` }
        : {
            DB_HOST: hostname,
            DB_PASS: password,
            LEGACY_DSN: `Server=${hostname};Port=${port};Pwd=x`,
            PGHOST: hostname,
            PGDATABASE: database,
            DATABASE_URL_FILE: '/run/secrets/url',
          };
    const seen = (err: string): (string | null)[] => JSON.parse(/SEEN (.*?) END/.exec(err)?.[1] ?? 'null');
    const given = SHOWN.map((name) => (name === 'UNRELATED' ? 'kept' : (env[name] ?? null)));
    const variables = { ...env, UNRELATED: 'kept' };
    await here.runWith(variables, 'init', '--no-tables');
    await here.write('migrations/1_code.cjs', TELLS);
    for (const command of [
      ['lint', '--dialect', dialect],
      ['migrate', 'sql', 'base:head'],
      ['safe-migrate', '--dry-run'],
    ]) {
      // With the variable of the URL, and with the option, where there is no such variable.
      for (const url of [{}, { DATABASE_URL: undefined }]) {
        const option = 'DATABASE_URL' in url ? ['--database-url', here.url] : [];
        const { err, out } = await here.runWith({ ...variables, ...url }, ...option, ...command);
        const found = seen(err);
        const say = `${command.join(' ')} ${option.length}: ${err}${out}`;
        assert.equal(found?.at(-1), 'kept', say);
        for (const [index, value] of found.entries()) {
          const name = SHOWN[index] ?? '';
          if (name === 'PGDATABASE') continue; // the copy on a private server has the same name
          if (name !== 'UNRELATED' && value !== null) assert.notEqual(value, given[index], `${name}: ${say}`);
        }
      }
    }
    const { err, code } = await here.runWith(variables, 'migrate', 'upgrade');
    assert.equal(code, 0, err);
    assert.deepEqual(seen(err), given);
  });
}
