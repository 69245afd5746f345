import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
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
    // With its hard links: the compiler leaves the driver under two names.
    await run('cp', ['-a', join(ROOT, compiled), join(project, compiled)]);
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

  it('takes less than 100 MiB with its compiled driver, without the packages that only some users need', async () => {
    const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      peerDependencies: Record<string, string>;
      peerDependenciesMeta: Record<string, { optional: boolean }>;
    };
    const optional = Object.keys(manifest.peerDependencies);
    assert.ok(optional.length > 0);
    for (const name of optional) {
      assert.equal(manifest.peerDependenciesMeta[name]?.optional, true, name);
      assert.ok(!existsSync(join(project, 'node_modules', name)), name);
    }
    const entries = await readdir(join(project, 'node_modules'), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const found = await Promise.all(files.map(({ parentPath, name }) => lstat(join(parentPath, name))));
    // As `du` counts: what the file system keeps, each file once.
    const once = new Map(found.map((file) => [file.ino, file.blocks * 512]));
    const taken = [...once.values()].reduce((sum, bytes) => sum + bytes, 0);
    assert.ok(taken > 50 * 2 ** 20 && taken < 100 * 2 ** 20, `${(taken / 2 ** 20).toFixed(1)} MiB`);
  });

  it('names the command that installs a package which is missing, and changes nothing', async () => {
    // As npx does, which takes half a second of CPU time for each.
    const program = join(project, 'node_modules/.bin/db-manager');
    const KUBERNETES = '@kubernetes/client-node';
    const S3 = '@aws-sdk/client-s3 @aws-sdk/lib-storage';
    // For the run that would take a backup, something is pending.
    await inProject(program, 'migrate', 'downgrade', '-1');
    // It ends with 3, because something is pending.
    const position = () => inProject(program, 'migrate', 'current').catch(({ stdout }) => stdout);
    const before = await position();
    assert.match(before, /1 pending|pending/);
    const iam = 'postgres://app@127.0.0.1:9/app?auth=rds-iam&aws_region=eu-central-1';
    for (const [args, packages, url] of [
      [['status', 'orders'], KUBERNETES],
      [['approve', 'orders', '--yes'], KUBERNETES],
      [['operator', '--runner-image=x'], `${KUBERNETES} prom-client winston`],
      [['list-backups', '--backups', 's3://backups/app'], S3],
      [['backup', '--backups', 's3://backups/app'], S3],
      [['safe-migrate', '--backups', 's3://backups/app'], S3],
      [['migrate', 'current'], '@aws-sdk/rds-signer', iam],
    ] as const) {
      const failed = run(program, args, { cwd: project, env: { ...env, DATABASE_URL: url } });
      const check = ({ stdout, stderr }: { stdout: string; stderr: string }) => {
        const said = `${stdout}${stderr}`;
        assert.ok(said.replace(/\s+/g, ' ').includes(`Run: npm install ${packages}`), `${args.join(' ')}: ${said}`);
        return !/\n\s+at |ERR_MODULE/.test(said);
      };
      await assert.rejects(failed, check, args.join(' '));
    }
    assert.equal(await position(), before);
    await inProject(program, 'migrate', 'upgrade');
  });

  it('loads no engine, no driver and no package when it is imported', async () => {
    await writeFile(
      join(project, 'listen.mjs'),
      `import { registerHooks } from 'node:module';
const loaded = [];
registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
const library = await import('db-manager');
const imported = loaded.filter((url) => url.startsWith('file:'));
await library.getCurrentRevision();
console.log(JSON.stringify({ imported, exported: Object.keys(library), called: loaded }));
`,
    );
    const { stdout } = await inProject(process.execPath, 'listen.mjs');
    const { imported, exported, called } = JSON.parse(stdout) as Record<string, string[]>;
    const dist = join(project, 'node_modules/db-manager/dist/');
    const names = imported?.map((url) => fileURLToPath(url)) ?? [];
    assert.deepEqual(
      names.filter((name) => !name.startsWith(dist)),
      [],
    );
    assert.ok(names.includes(join(dist, 'index.js')) && names.length < 6, names.join('\n'));
    const texts = await Promise.all(names.map((name) => readFile(name, 'utf8')));
    assert.ok(texts.join('').length < 30_000, `${texts.join('').length} characters`);
    // The listener sees what a call loads, and the library has what its source exports.
    assert.ok((called?.length ?? 0) > names.length + 10);
    assert.deepEqual(exported?.sort(), Object.keys(await import('../../src/index.ts')).sort());
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
    // The image has the optional packages too.
    await mkdir(join(project, 'node_modules/@kubernetes'));
    for (const name of ['@kubernetes/client-node', 'prom-client', 'winston'])
      await symlink(join(ROOT, 'node_modules', name), join(project, 'node_modules', name));
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
