import assert from 'node:assert/strict';
import { importAsAuthor } from '../../src/author/output.ts';
import { ProblemError } from '../../src/core/model/problem.ts';
import { type Project, project } from './fixtures.ts';

const UP = "module.exports = { up: async (q, S) => { await q.createTable('t', { a: S.INTEGER }); } };";
const MODEL = "module.exports = (s, T) => s.define('note', { a: T.INTEGER });";

/** What a module of the application does when a migration requires it. */
const FAILS: [string, string, RegExp][] = [
  ['ends the process as if all were well', 'process.exit(0);', /called process\.exit when it was imported/],
  [
    'ends the process a moment later',
    'setTimeout(() => process.exit(), 1);',
    /called process\.exit when it was imported/,
  ],
  [
    'ends the process because its own start failed',
    "Promise.reject(new Error('no settings')).catch(() => process.exit(1));",
    /called process\.exit when it was imported/,
  ],
  [
    'rejects a promise that nothing awaits',
    "setTimeout(() => Promise.reject(new Error('no redis')), 1);",
    /started work when it was imported, and the work failed: no redis/,
  ],
  [
    'throws in a timer',
    "setTimeout(() => { throw new Error('no queue'); }, 1);",
    /started work when it was imported, and the work failed: no queue/,
  ],
];

describe('an application that a migration or a model imports', function () {
  this.timeout(60_000);
  let here: Project;
  before(async () => {
    here = await project('sqlite');
    await here.write('package.json', '{}');
    await here.write('migrations/1_a.js', `require('../app.js');\n${UP}\n`);
    await here.write('models/note.js', `require('../app.js');\n${MODEL}\n`);
    await here.run('init', '--no-tables');
  });

  for (const [what, app, message] of FAILS)
    it(`is named where it ${what}; nothing is applied`, async () => {
      // The import of another, slower file follows, so that the process is still there a moment later.
      await here.write(
        'migrations/2_slow.mjs',
        'await new Promise((ok) => setTimeout(ok, 500));\nexport const up = async () => {};\n',
      );
      await here.write('app.js', app);
      const { code, out, err } = await here.run('migrate', 'upgrade');
      assert.equal(code, 1, out + err);
      assert.match(err, message);
      assert.match(err, /^error: InvalidMigration: 1_a\.js or a module that it imports/m);
      await here.write('app.js', '');
      const current = await here.run('migrate', 'current', '--json');
      assert.equal((JSON.parse(current.out) as { pending: unknown[] }).pending.length, 2);
    });

  it('is named where its import does not end, because nothing is left to happen', async () => {
    await here.write('forever/1_a.mjs', 'await new Promise(() => {});\nexport const up = () => {};\n');
    await here.write('forever-models/note.mjs', `await new Promise(() => {});\nexport default () => {};\n`);
    const migration = await here.run('--migrations', 'forever', 'migrate', 'upgrade');
    assert.equal(migration.code, 1, migration.err);
    assert.match(migration.err, /InvalidMigration: The import of 1_a\.mjs does not end: /);
    const models = await here.run('--models', 'forever-models', 'validate');
    assert.equal(models.code, 2, models.err);
    assert.match(models.err, /InvalidConfiguration: The import of \S+note\.mjs does not end: /);
  });

  it('is named where its import does not end, although something is still open', async () => {
    const open = setInterval(() => {}, 1_000);
    await assert.rejects(
      importAsAuthor('1_a.mjs', 'InvalidMigration', () => new Promise<void>(() => {}), 20),
      (error) => error instanceof ProblemError && /The import of 1_a\.mjs does not end/.test(error.problem.message),
    );
    assert.equal(await importAsAuthor('1_b.mjs', 'InvalidMigration', async () => 7, 60_000), 7);
    clearInterval(open);
  });

  it('is a mistake in the models where these import it', async () => {
    await here.write('app.js', 'process.exit(0);');
    const { code, err } = await here.run('generate', 'x');
    assert.equal(code, 2, err);
    assert.match(err, /InvalidConfiguration: .*note\.js or a module that it imports called process\.exit/);
  });

  it('does not keep a command from ending, and its exit code stays', async () => {
    await here.write('app.js', "require('node:net').createServer().listen(0); setInterval(() => {}, 1000);");
    const failed = await here.run('generate', 'x');
    assert.equal(failed.code, 3, failed.err);
    assert.match(failed.err, /Note: a file of the migrations or models started work that is still running/);
    const { code, out } = await here.run('migrate', 'upgrade');
    assert.equal(code, 0);
    assert.match(out, /2 migrations applied/);
  });
});
