import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, readdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '../support/databases.ts';
import { goProgram } from '../support/programs/go.ts';

const run = promisify(execFile);
const ROOT = resolve('.');

/**
 * The tarball as a user gets it, installed by npm into an empty project with the dependencies that package.json declares
 * and no other. Only sqlite3's own installation, a compiler's minute, is spared: its binary comes from this checkout.
 */
describe('the package', function () {
  this.timeout(180_000);
  let project: string;
  const env = { ...process.env, DATABASE_URL: undefined, DB_PATH: 'data/app.db' };
  const inProject = (command: string, ...args: string[]) => run(command, args, { cwd: project, env });

  before(async () => {
    project = await temporaryFolder('package');
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', project], { cwd: ROOT });
    // The build's own output comes first.
    const [packed] = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as [{ filename: string }];
    await writeFile(join(project, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }\n');
    const quietly = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
    await inProject('npm', 'install', ...quietly, `./${packed.filename}`);
    const compiled = join('node_modules', 'sqlite3', 'build');
    await cp(join(ROOT, compiled), join(project, compiled), { recursive: true });
  });

  it('makes and migrates a database with npx in an empty project', async () => {
    const { stdout } = await inProject('npx', '--no-install', 'db-manager', 'init', '--migrate');
    assert.match(stdout, /data\/app\.db exists; it is at base/);
    await inProject('npx', '--no-install', 'db-manager', 'generate', '--no-autogenerate', 'add notes');
    const upgraded = await inProject('npx', '--no-install', 'db-manager', 'migrate', 'upgrade', '--json');
    assert.match((JSON.parse(upgraded.stdout) as { to: string }).to, /^\d{14}_add_notes$/);
  });

  it('is installed by krew from the archive and its manifest, as the plugin without the databases', async function () {
    this.timeout(10 * 60_000);
    const krew = await goProgram({ name: 'krew', path: 'sigs.k8s.io/krew/cmd/krew', version: 'v0.4.3' });
    if (krew === undefined) return this.skip();
    const folder = await temporaryFolder('krew');
    await run(process.execPath, [resolve('scripts/krew.ts'), folder], { cwd: ROOT });
    const archive = (await readdir(folder)).find((name) => name.endsWith('.tar.gz')) ?? '';
    const into = (root: string) => ({ env: { ...env, KREW_ROOT: join(folder, root) } });
    const args = ['install', `--manifest=${join(folder, 'dbm.yaml')}`];
    await run(krew, [...args, `--archive=${join(folder, archive)}`], into('root'));
    const plugin = join(folder, 'root/bin/kubectl-dbm');
    const { stdout } = await run(process.execPath, [plugin, '--help']);
    assert.match(stdout, /^Usage: kubectl dbm /);
    // Every command can be loaded with the packages of the archive.
    const kubeconfig = join(folder, 'none');
    for (const command of ['status', 'plan', 'approve', 'logs', 'report', 'restart']) {
      const given = [plugin, command, ...(command === 'status' ? [] : ['orders']), '--kubeconfig', kubeconfig];
      await assert.rejects(run(process.execPath, given), ({ stderr }) => {
        assert.match(stderr, /kubeconfig/, stderr);
        return !/Cannot find|ERR_MODULE/.test(stderr);
      });
    }
    await writeFile(join(folder, archive), 'another archive');
    await assert.rejects(run(krew, [...args, `--archive=${join(folder, archive)}`], into('other')), /checksum/i);
  });

  it('is imported from JavaScript', async () => {
    await writeFile(
      join(project, 'use.js'),
      "import { getCurrentRevision } from 'db-manager';\nconsole.log((await getCurrentRevision()).upToDate);\n",
    );
    const { stdout } = await inProject(process.execPath, 'use.js');
    assert.equal(stdout.trim(), 'true');
  });

  it('is imported from TypeScript, with types that know right from wrong', async () => {
    await writeFile(
      join(project, 'use.ts'),
      `import { type Current, getCurrentRevision, type Options, ProblemError, validateSchema } from 'db-manager';

const options: Options = { databaseUrl: 'sqlite:///data/app.db', timeouts: { lock: '1s' } };
const current: Current = await getCurrentRevision(options);
const missing: string[] = (await validateSchema(options)).missingTables;
// @ts-expect-error: a misspelt option is an error
await getCurrentRevision({ databaseURL: 'sqlite:///data/app.db' });
export const facts = { current, missing, ProblemError };
console.log(facts.current.pending.length);
`,
    );
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const flags = ['--noEmit', '--strict', '--target', 'es2024', '--module', 'nodenext', '--skipLibCheck'];
    await inProject(
      process.execPath,
      tsc,
      ...flags,
      '--types',
      'node',
      '--typeRoots',
      join(ROOT, 'node_modules/@types'),
      'use.ts',
    );
    const { stdout } = await inProject(process.execPath, 'use.ts');
    assert.equal(stdout.trim(), '0');
  });

  it('can be compiled into the cache of the image, which runs no command but one migration', async () => {
    const cache = await temporaryFolder('compile-cache');
    const app = join(project, 'node_modules/db-manager');
    const script = join(ROOT, 'scripts/warm-compile-cache.ts');
    await run(process.execPath, [script, app], {
      env: { ...env, NODE_COMPILE_CACHE: cache, HOME: cache, TMPDIR: cache },
    });
    assert.ok((await readdir(cache, { recursive: true })).length > 300);
  });

  it('holds what a user needs and no test', async () => {
    const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: ROOT });
    const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
    const paths = files.map(({ path }) => path);
    for (const wanted of [
      'dist/cli/main.js',
      'dist/cli/kubectl-dbm.js',
      'dist/index.js',
      'dist/index.d.ts',
      'LICENSE',
      'README.md',
    ]) {
      assert.ok(paths.includes(wanted), wanted);
    }
    assert.deepEqual(
      paths.filter((path) => /^(test|src|node_modules)\//.test(path)),
      [],
    );
  });
});
