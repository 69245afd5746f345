import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { temporaryFolder } from '../support/databases.ts';

/** What a process has loaded after it applied one migration to an empty SQLite file. */
async function loadedAfter(body: string): Promise<string[]> {
  const file = join(await temporaryFolder('loading'), 'test.db');
  const script = `
    import { createRequire } from 'node:module';
    import { migrate, migration, sql, code, openReady } from ${JSON.stringify(join(import.meta.dirname, 'migration-fixtures.ts'))};
    const require = createRequire(${JSON.stringify(import.meta.url)});
    const database = await openReady(${JSON.stringify(file)});
    const { kind } = await migrate(database, [migration(${body})]);
    await database.close();
    console.log(JSON.stringify([kind, ...Object.keys(require.cache)]));
    const { UmzugCLI } = await import('umzug');
    console.log(typeof UmzugCLI);`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  const [first = '', second] = output.trim().split('\n');
  assert.equal(second, 'function', 'whoever asks for the command line of Umzug gets it');
  const [kind, ...files] = JSON.parse(first) as string[];
  assert.equal(kind, 'done');
  return files;
}

describe('what applying a migration loads', () => {
  const has = (files: string[], name: string) => files.some((file) => file.includes(`/node_modules/${name}/`));

  it('of SQL: Umzug without its command line, and no Sequelize', async () => {
    const files = await loadedAfter("sql('SELECT 1')");
    assert.deepEqual(
      ['umzug', '@rushstack/ts-command-line', 'sequelize'].map((name) => has(files, name)),
      [true, false, false],
    );
  });

  it('of code: Sequelize', async () => {
    const files = await loadedAfter('code(async () => {})');
    assert.ok(has(files, 'sequelize'));
  });
});
