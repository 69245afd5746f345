import assert from 'node:assert/strict';
import { DIALECTS, project } from './fixtures.ts';

/** Prints in the ways that code prints, when it is imported, run, and after its own end. */
const LOUD = `console.log('NOISE import');
module.exports = {
  up: async (q, S) => {
    console.log('NOISE log'); console.info('NOISE info'); console.table([{ NOISE: 1 }]);
    process.stdout.write('NOISE write\\n');
    await q.sequelize.query('CREATE TABLE loud (n INTEGER)', { logging: console.log });
    setTimeout(() => console.log('NOISE timer'), 20);
  },
  down: async (q) => { await q.dropTable('loud', { logging: (text) => console.log('NOISE', text) }); },
};
`;

for (const dialect of DIALECTS) {
  it(`what code prints goes to standard error in every command, on ${dialect}`, async () => {
    const here = await project(dialect);
    await here.run('init', '--no-tables');
    await here.write('migrations/1_loud.cjs', LOUD);
    const commands = [
      ['lint', '--json', '--dialect', dialect],
      ['migrate', 'sql', 'base:head', '--json'],
      ['migrate', 'upgrade', '--json'],
      ['migrate', 'downgrade', 'base', '--json'],
    ];
    for (const command of commands) {
      const { out, err } = await here.run(...command);
      assert.doesNotThrow(() => JSON.parse(out), `${command.join(' ')}: ${out}${err}`);
      assert.doesNotMatch(out.replaceAll(/"(?:[^"\\]|\\.)*"/g, ''), /NOISE/);
      assert.match(err, /NOISE import/);
    }
    assert.match((await here.run('migrate', 'upgrade')).err, /NOISE write[\s\S]*CREATE TABLE loud[\s\S]*NOISE timer/);
  });
}
