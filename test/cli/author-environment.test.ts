import assert from 'node:assert/strict';
import { DIALECTS, project } from './fixtures.ts';

const CODE = `module.exports = { up: async (q, S) => {
  console.log('URL', process.env.DATABASE_URL, 'CHILD', String(require('node:child_process').execSync('echo "[$DATABASE_URL]"')));
  await q.createTable('made', { id: { type: S.INTEGER, primaryKey: true } });
} };\n`;

for (const dialect of DIALECTS) {
  it(`DATABASE_URL is the target’s in no recording, on ${dialect}`, async () => {
    const here = await project(dialect);
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
