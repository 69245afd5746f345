import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import * as library from '../../src/index.ts';
import { ageKey } from '../backups/age-keys.ts';
import { runSql, targetOf } from '../backups/fixtures.ts';
import { project, withMigrations, withModels } from '../cli/fixtures.ts';
import { runHosted } from '../cli/host.ts';
import { temporaryFolder } from '../support/lifetime.ts';

const run = promisify(execFile);
const LIBRARY = resolve('src/library');
const INDEX = resolve('src/index.ts');
const DOCUMENTED = /\/\*\*((?:(?!\*\/)[\s\S])*?)\*\/\nexport (?:async )?function (\w+)/g;

/** The code below `@example` in the docstring of each exported function of the library, by the function's name. */
async function examples(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const file of await readdir(LIBRARY, { recursive: true })) {
    if (!file.endsWith('.ts')) continue;
    for (const [, comment = '', name = ''] of (await readFile(join(LIBRARY, file), 'utf8')).matchAll(DOCUMENTED)) {
      const [, code] = /@example\n([\s\S]*)$/.exec(comment.replace(/^ \* ?/gm, '')) ?? [];
      if (code !== undefined) found.set(name, code.trim());
    }
  }
  return found;
}

const FUNCTIONS = Object.entries(library).flatMap(([name, value]) =>
  typeof value === 'function' && /^[a-z]/.test(name) ? [name] : [],
);

describe('the examples of the library’s functions', function () {
  this.timeout(120_000);
  let texts: Map<string, string>;
  let ready: string;

  before(async () => {
    texts = await examples();
    const here = await withModels(await withMigrations(await project('sqlite')));
    await here.json('init', '--migrate');
    await here.json('backup', '--name', 'kept');
    await symlink(resolve('node_modules'), join(here.folder, 'node_modules'));
    ready = here.folder;
  });

  async function runExample(folder: string, name: string) {
    const file = join(folder, `${name}.ts`);
    const code = `import { ${name} } from ${JSON.stringify(INDEX)};\n${texts.get(name)}\nexport default 'ran';\n`;
    await writeFile(file, code);
    return runHosted({ cwd: folder, env: process.env, args: [], module: file });
  }

  it('are there for each of them', () => {
    assert.ok(FUNCTIONS.length >= 20, FUNCTIONS.join());
    assert.deepEqual(
      FUNCTIONS.filter((name) => !texts.has(name)),
      [],
    );
  });

  for (const name of FUNCTIONS) {
    it(`${name} does what its docstring shows`, async () => {
      const folder = join(await temporaryFolder('example'), name);
      await cp(ready, folder, { recursive: true });
      // `adopt` finds another tool's table where ours is not yet.
      if (name === 'adoptHistory') {
        await runSql(
          targetOf(`sqlite:///${join(folder, 'data/app.db')}`),
          `DROP TABLE db_manager_history; CREATE TABLE SequelizeMeta (name TEXT PRIMARY KEY); INSERT INTO SequelizeMeta VALUES ('20240101000000_create_notes.sql');`,
        );
      }
      if (name === 'runReport') {
        await writeFile(join(folder, 'migrations/20990101000000_more.sql'), '-- migrate:up\nSELECT 1;\n');
        await runExample(folder, 'safeMigrate');
      }
      // Alembic itself is tried in test/tools. A command that does not open the copy would be NotConnected.
      if (name === 'wrapCommand') {
        const script = join(folder, 'tool.cjs');
        await writeFile(
          script,
          `const path = process.env.DATABASE_URL.replace(/^sqlite:(\\/\\/\\/)?/, '');
           const database = new (require('node:sqlite').DatabaseSync)(path);
           database.exec('CREATE TABLE IF NOT EXISTS lines (id integer)');
           database.close();`,
        );
        const words = `${JSON.stringify(process.execPath)}, ${JSON.stringify(script)}`;
        texts.set(name, (texts.get(name) ?? '').replace("'alembic', 'upgrade', 'head'", words));
      }
      if (name === 'rekeyBackup') {
        const { identity, recipient } = await ageKey();
        await writeFile(join(folder, 'key.txt'), identity.reveal());
        const databaseUrl = `sqlite:///${join(folder, 'data/app.db')}`;
        await library.backupDatabase({ databaseUrl, cwd: folder, backups: { recipients: [recipient] } });
        texts.set(name, (texts.get(name) ?? '').replace('age1…', recipient));
      }
      // A backup is of one database: the copied one needs its own.
      if (name === 'restoreDatabase') await runExample(folder, 'backupDatabase');
      const { code, out, err } = await runExample(folder, name);
      assert.equal(code, 0, err);
      assert.match(out, /"ran"$/);
      assert.equal(err.replace(/^.*(?:ExperimentalWarning|--trace-warnings).*\n/gm, ''), '');
    });
  }

  it('are right by their types, and so are the options and results', async () => {
    const folder = await temporaryFolder('types');
    await symlink(resolve('node_modules'), join(folder, 'node_modules'));
    const all = [...texts].map(([name, code]) => `async function of_${name}() {\n${code}\n}\nvoid of_${name};`);
    const imports = `import { ${FUNCTIONS.join(', ')}, ProblemError, type Reason, type RunReport } from ${JSON.stringify(INDEX)};`;
    const claims = `
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const sure = <T extends true>(): T | undefined => undefined;
sure<Equal<Awaited<ReturnType<typeof safeMigrate>>, RunReport>>();
sure<Equal<RunReport['reason'], Reason>>();
sure<Equal<Awaited<ReturnType<typeof validateSchema>>['missingTables'], string[]>>();
sure<Equal<ConstructorParameters<typeof ProblemError>[0]['reason'], Reason>>();
// @ts-expect-error: a downgrade needs its target
void downgradeDatabase({});
// @ts-expect-error: no such word
void safeMigrate({ onFailure: 'Panic' });
// @ts-expect-error: an upgrade's options are an object
void upgradeDatabase('head');
`;
    await writeFile(join(folder, 'all.mts'), [imports, ...all, claims, 'export {};'].join('\n'));
    const { compilerOptions } = JSON.parse(await readFile('tsconfig.json', 'utf8')) as { compilerOptions: object };
    const project = {
      compilerOptions: { ...compilerOptions, rewriteRelativeImportExtensions: false },
      include: ['all.mts'],
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(project));
    await run(resolve('node_modules/.bin/tsc'), ['--noEmit', '--noUnusedLocals', 'false', '-p', folder]).catch(
      (error: { stdout: string }) => assert.fail(error.stdout),
    );
  });
});
