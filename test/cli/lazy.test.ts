import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { temporaryFolder } from '../support/databases.ts';

/** Loaded before the command: writes down every module that is loaded after it. */
const LISTENER = `import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
registerHooks({ load(url, context, next) { appendFileSync(process.env.LOADED, url + '\\n'); return next(url, context); } });
`;

/** The packages that a command loads, and `the rules`. */
async function loadedBy(args: string[], files: Record<string, string>): Promise<string[]> {
  const urls = await modulesOf(args, files);
  const packages = urls.flatMap((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []);
  const rules = urls.some((url) => url.endsWith('/core/safety/rules.ts')) ? ['the rules'] : [];
  return [...new Set([...packages, ...rules])];
}

/** A command that ends early loads little: its exit code has to be the expected one. */
async function modulesOf(
  args: string[],
  files: Record<string, string>,
  expected: 'success' | 'failure' = 'success',
): Promise<string[]> {
  const folder = await temporaryFolder('lazy');
  // Not in the folder of the migrations: the listener would be one of them.
  const outside = await temporaryFolder('listener');
  const loaded = join(outside, 'loaded.txt');
  await writeFile(loaded, '');
  await writeFile(join(outside, 'listener.mjs'), LISTENER);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const child = spawn(
    process.execPath,
    ['--import', join(outside, 'listener.mjs'), resolve('src/cli/main.ts'), ...args],
    {
      cwd: folder,
      env: { PATH: process.env.PATH, DATABASE_URL: 'sqlite:///app.db', LOADED: loaded, NODE_NO_WARNINGS: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  const code = await new Promise((done) => child.on('close', done));
  // 3: something is pending.
  assert.equal(
    code === 0 || code === 3 ? 'success' : 'failure',
    expected,
    `db-manager ${args.join(' ')} ended with ${code}:\n${output}`,
  );
  const urls = (await readFile(loaded, 'utf8')).split('\n');
  assert.ok(urls.some((url) => url.endsWith('/src/cli/program.ts')));
  return urls;
}

// An empty file is an empty SQLite database.
const FILES = { '1_a.sql': 'CREATE TABLE a (id bigint);', 'app.db': '' };

describe('zod', () => {
  it('is not loaded for the list of commands: it is half of the cost of a start', async function () {
    this.timeout(60_000);
    const loaded = await loadedBy(['--version'], FILES);
    assert.ok(loaded.includes('commander'));
    assert.ok(!loaded.includes('zod'), loaded.join(', '));
  });
});

describe("PostgreSQL's parser and the safety rules", () => {
  for (const args of [
    ['migrate', 'current'],
    ['migrate', 'upgrade'],
    ['list-backups'],
    ['generate', 'x', '--no-autogenerate'],
    ['--help'],
  ]) {
    it(`are not loaded by ${args.join(' ')}`, async () => {
      const loaded = await loadedBy([...args, '--migrations', '.'], FILES);
      assert.deepEqual(
        loaded.filter((name) => name === 'libpg-query' || name === 'the rules' || name.startsWith('@kubernetes')),
        [],
      );
    });
  }

  it('are loaded by lint, without the databases', async () => {
    const loaded = await loadedBy(['lint', '.', '--dialect', 'postgres'], FILES);
    assert.ok(loaded.includes('libpg-query') && loaded.includes('the rules'));
    assert.deepEqual(
      loaded.filter((name) => ['pg', 'sqlite3', 'sequelize', 'umzug', '@kubernetes/client-node'].includes(name)),
      [],
    );
  });

  it('are not loaded by a run that has nothing to do', async () => {
    assert.ok(!(await loadedBy(['safe-migrate', '--migrations', '.'], {})).includes('libpg-query'));
  });
});

describe('what a command with nothing to do does not need', () => {
  for (const args of [
    ['migrate', 'upgrade', 'base'],
    ['migrate', 'history'],
  ]) {
    it(`is not loaded by ${args.join(' ')}`, async () => {
      const heavy = ['zod', 'sequelize', 'umzug', 'yaml', 'winston'];
      const modules = await modulesOf([...args, '--migrations', '.'], FILES);
      const packages = modules.flatMap((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []);
      assert.deepEqual(
        packages.filter((name) => heavy.includes(name)),
        [],
      );
      assert.deepEqual(
        modules.filter((url) => /\/database\/(postgres|sqlite)\/(dump|restore|scratch|snapshot|checks)\.ts$/.test(url)),
        [],
      );
    });
  }
});

describe('the dashboard', () => {
  it('is not loaded by other commands, of a cluster or not', async () => {
    for (const [args, expected] of [
      [['migrate', 'current', '--migrations', '.'], 'success'],
      [['--help'], 'success'],
      [['status', '--kubeconfig', 'config.yaml'], 'failure'],
    ] as const) {
      const modules = await modulesOf(
        [...args],
        { ...FILES, 'config.yaml': 'apiVersion: v1\nkind: Config\n' },
        expected,
      );
      assert.deepEqual(
        modules.filter((url) => /\/(?:core\/)?dashboard\//.test(url)),
        [],
        args.join(' '),
      );
    }
  });
});

describe('the models of every kind that Kubernetes has', () => {
  it('stay out of a command that reads the kubeconfig', async () => {
    const nobody = [
      'apiVersion: v1',
      'kind: Config',
      'current-context: x',
      'clusters: [{ name: x, cluster: { server: "http://127.0.0.1:9" } }]',
      'contexts: [{ name: x, context: { cluster: x, user: x } }]',
      'users: [{ name: x, user: { token: x } }]',
    ].join('\n');
    const ofClient = (
      await modulesOf(['status', 'x', '--kubeconfig', 'config.yaml'], { 'config.yaml': nobody }, 'failure')
    ).filter((url) => url.includes('/client-node/dist/'));
    assert.ok(ofClient.some((url) => url.includes('/dist/config.js')));
    assert.deepEqual(
      ofClient.filter((url) => /\/gen\/(models|apis|types)\//.test(url)),
      [],
    );
  });
});
