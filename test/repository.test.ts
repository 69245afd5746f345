import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { parse } from 'yaml';
import { versionFiles } from '../scripts/generate/version.ts';
import { temporaryFolder } from './support/lifetime.ts';
import { mustRun, runCommand } from './support/processes.ts';
import { goProgram } from './support/programs/go.ts';
import { SYSTEM_PROGRAMS } from './support/programs/system.ts';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const WORKFLOWS = '.github/workflows';
const ACTIONLINT = { name: 'actionlint', path: 'github.com/rhysd/actionlint/cmd/actionlint', version: 'v1.7.12' };

async function readSbom(folder: string, kind: string) {
  return JSON.parse(await readFile(join(folder, `db-manager-${manifest.version}.${kind}.json`), 'utf8'));
}

describe('the workflow files', function () {
  this.timeout(600_000);
  let actionlint: string;
  before(async function () {
    const found = await goProgram(ACTIONLINT);
    if (found === undefined && process.env.CI === 'true') throw new Error('there is no Go to build actionlint with');
    if (found === undefined) {
      console.error('      skipped: there is no Go to build actionlint with');
      this.skip();
    }
    actionlint = found;
  });
  const lint = (files: string[]) => runCommand(actionlint, ['-shellcheck=', '-pyflakes=', ...files]);

  it('have no error', async () => {
    const files = readdirSync(WORKFLOWS).map((name) => join(WORKFLOWS, name));
    assert.ok(files.length >= 3);
    assert.deepEqual(await lint(files), { code: 0, stdout: '', stderr: '' });
  });

  for (const [what, from, to] of [
    ['a step without its output', 'steps.version.outputs.version', 'steps.versions.outputs.version'],
    ['a permission that does not exist', 'id-token: write', 'id-tokens: write'],
    ['a job that needs a missing one', 'needs: [check, image]', 'needs: [check, images]'],
  ] as const) {
    it(`would be refused with ${what}`, async () => {
      const text = readFileSync(join(WORKFLOWS, 'release.yml'), 'utf8');
      assert.ok(text.includes(from));
      const file = join(await temporaryFolder('workflow'), 'release.yml');
      await writeFile(file, text.replace(from, to));
      assert.equal((await lint([file])).code, 1);
    });
  }

  it('install what the setup would install as root, in every job that runs tests with servers', () => {
    // The machines of the hosted CI have these.
    const present = ['openssl', 'bsdutils', 'chromium', 'jq', 'curl', 'git'];
    const needed = SYSTEM_PROGRAMS.map((program) => program.package).filter((name) => !present.includes(name));
    const { jobs } = parse(readFileSync(join(WORKFLOWS, 'ci.yml'), 'utf8'));
    for (const job of ['test', 'node', 'postgres']) {
      const commands: string[] = jobs[job].steps.map(({ run = '' }: { run?: string }) => run);
      const installed = commands.find((command) => command.includes('apt-install.sh'))?.split(' ') ?? [];
      for (const name of needed) assert.ok(installed.includes(name), `${job}: ${name}`);
    }
  });

  it('make bills of materials that name every production dependency and no other', async function () {
    this.timeout(240_000);
    const folder = await temporaryFolder('sbom');
    const { code, stderr } = await runCommand('scripts/sbom.sh', [folder], { timeoutMs: 200_000 });
    assert.equal(code, 0, stderr);
    const { bomFormat, components } = await readSbom(folder, 'cdx');
    const { packages } = await readSbom(folder, 'spdx');
    assert.equal(bomFormat, 'CycloneDX');
    const named = components.map(({ purl }: { purl: string }) =>
      decodeURIComponent(purl.replace(/^pkg:npm\/|@[^@]*$/g, '')),
    );
    assert.deepEqual(
      Object.keys(manifest.dependencies).filter((name) => !named.includes(name)),
      [],
    );
    for (const name of ['mocha', 'typescript', 'node', 'playwright-core']) {
      assert.ok(name in manifest.devDependencies);
      assert.ok(!named.includes(name), name);
    }
    // The project itself is a package of SPDX, and no component of CycloneDX.
    assert.equal(packages.length, components.length + 1);
  });

  it('run scripts that exist', () => {
    for (const name of readdirSync(WORKFLOWS)) {
      const text = readFileSync(join(WORKFLOWS, name), 'utf8');
      for (const [, script = ''] of text.matchAll(/\bnpm run (?:--silent )?([\w:]+)/g)) {
        assert.ok(script in manifest.scripts, `${name}: npm run ${script}`);
      }
      for (const [, file = ''] of text.matchAll(/\b((?:scripts|deploy)\/[\w./-]+)/g)) assert.ok(existsSync(file), file);
    }
  });
});

describe('what a contributor looks for', () => {
  it('is there', () => {
    const files = ['CONTRIBUTING.md', 'SECURITY.md', 'CODE_OF_CONDUCT.md', '.editorconfig', '.nvmrc'];
    const forms = [
      '.github/PULL_REQUEST_TEMPLATE.md',
      '.github/ISSUE_TEMPLATE/bug.yml',
      '.devcontainer/devcontainer.json',
    ];
    for (const file of [...files, ...forms]) assert.ok(existsSync(file), file);
  });

  it('names scripts that exist', () => {
    const text = readFileSync('CONTRIBUTING.md', 'utf8');
    const named = [...text.matchAll(/`npm run ([\w:]+)/g)].map(([, script = '']) => script);
    assert.ok(named.length > 8);
    assert.deepEqual(
      named.filter((script) => !(script in manifest.scripts)),
      [],
    );
  });

  it('names in .nvmrc a version that package.json allows', () => {
    const oldest = /\d+/.exec(manifest.engines.node)?.[0];
    assert.ok(Number(readFileSync('.nvmrc', 'utf8')) >= Number(oldest));
  });

  it('has forms for issues that GitHub can read', () => {
    for (const name of ['bug.yml', 'feature.yml']) {
      const form = parse(readFileSync(join('.github/ISSUE_TEMPLATE', name), 'utf8'));
      assert.ok(form.name && form.description, name);
      const ids = form.body.flatMap((field: { id?: string }) => field.id ?? []);
      assert.equal(new Set(ids).size, ids.length);
      assert.ok(form.body.some((field: { type: string }) => field.type === 'textarea'));
    }
  });
});

describe('package.json', () => {
  it('names the location of the project', () => {
    for (const url of [manifest.repository.url, manifest.bugs.url, manifest.homepage])
      assert.match(url, /^(git\+)?https:/);
  });

  it('lets a user import its own file and the CRD', async () => {
    const script = `
      import { createRequire } from 'node:module';
      import { readFileSync } from 'node:fs';
      const require = createRequire(import.meta.url);
      console.log(require('db-manager/package.json').name);
      console.log(readFileSync(require.resolve('db-manager/crds/databasemigrations.db-manager.dev.yaml'), 'utf8').includes('kind: CustomResourceDefinition'));`;
    // A package can refer to itself by its name.
    const stdout = await mustRun(process.execPath, ['--input-type=module', '--eval', script], { cwd: resolve('.') });
    assert.equal(stdout, 'db-manager\ntrue\n');
    for (const target of Object.values<string | object>(manifest.exports)) {
      if (typeof target === 'string') assert.ok(existsSync(target), target);
    }
  });
});

describe('the version', () => {
  it('is the same in every place; if not: npm run generate', () => {
    for (const { path, text } of versionFiles()) assert.equal(readFileSync(path, 'utf8'), text, path);
  });

  it('changes in every place with package.json', () => {
    for (const { path, text } of versionFiles('12.34.56-rc.1')) {
      assert.ok(text.includes('12.34.56-rc.1'), path);
      assert.ok(!text.includes(manifest.version), `${path} still names ${manifest.version}`);
    }
  });

  describe('of a release', function () {
    this.timeout(120_000);
    let folder: string;
    const release = (version: string) =>
      runCommand(process.execPath, ['scripts/run.cjs', 'release', version], { cwd: folder });
    const git = (...args: string[]) =>
      mustRun('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args], { cwd: folder });

    beforeEach(async () => {
      folder = await temporaryFolder('release');
      const parts = ['package.json', 'package-lock.json', 'scripts', 'src', 'charts', 'crds', 'deploy', 'docs'];
      for (const part of parts) await cp(part, join(folder, part), { recursive: true });
      await mkdir(join(folder, 'test'));
      for (const part of ['fixtures', 'support'])
        await cp(join('test', part), join(folder, 'test', part), { recursive: true });
      await writeFile(join(folder, 'CHANGELOG.md'), '# Changelog\n\n## Unreleased\n\n### Added\n- One thing.\n');
      await mustRun('ln', ['-s', resolve('node_modules'), join(folder, 'node_modules')]);
      await writeFile(join(folder, '.gitignore'), 'node_modules\n');
      await git('init', '--quiet');
      await git('add', '.');
      await git('commit', '--quiet', '-m', 'all');
    });

    it('is written everywhere, with its date in the changelog', async () => {
      const { code, stdout, stderr } = await release('9.8.7');
      assert.equal(code, 0, stderr);
      assert.match(stdout, /git tag -s v9\.8\.7/);
      const changed = (await git('diff', '--name-only')).trim().split('\n');
      for (const file of ['package.json', 'package-lock.json', 'src/core/model/version.ts', 'CHANGELOG.md']) {
        assert.ok(changed.includes(file), `${file} is not among ${changed}`);
      }
      assert.match(
        await readFile(join(folder, 'charts/db-manager/Chart.yaml'), 'utf8'),
        /^version: 9\.8\.7\nappVersion: 9\.8\.7$/m,
      );
      assert.match(
        await readFile(join(folder, 'CHANGELOG.md'), 'utf8'),
        /^## Unreleased\n\n## 9\.8\.7 - \d{4}-\d\d-\d\d\n\n### Added\n- One thing\.$/m,
      );
      const again = await release('9.8.7');
      assert.match(again.stderr, /already has 9\.8\.7\. Nothing was written/);
      assert.match((await release('9.8.8')).stderr, /nothing under Unreleased/);
    });

    it('is refused if the version is invalid or work is not committed', async () => {
      for (const wrong of ['', '1.2', 'v1.2.3', '1.2.3 ']) {
        const { code, stderr } = await release(wrong);
        assert.equal(code, 1);
        assert.match(stderr, /is not a version/);
      }
      await writeFile(join(folder, 'package.json'), `${await readFile('package.json', 'utf8')}\n`);
      assert.match((await release('9.8.7')).stderr, /not committed:\n M package\.json/);
    });
  });
});

describe('a Node.js that is too old', () => {
  for (const [version, refused] of [
    ['18.20.8', true],
    ['22.18.0', true],
    ['22.9.0', true],
    ['22.19.0', false],
    ['23.0.0', false],
    ['100.1.0', false],
  ] as const) {
    it(`${refused ? 'is' : 'is not'} refused by npm's scripts in one sentence: ${version}`, async () => {
      const env = { ...process.env, DB_MANAGER_PRETEND_NODE: version };
      const { code, stderr } = await runCommand(process.execPath, ['scripts/run.cjs', 'release', 'x'], { env });
      assert.equal(code, 1);
      assert.equal(
        /^This is Node\.js .*, and db-manager needs 22\.19 or newer\. Nothing was run\.$/m.test(stderr),
        refused,
      );
      assert.equal(stderr.includes('is not a version'), !refused);
      assert.doesNotMatch(stderr, /\n {4}at /);
    });
  }

  it('is noticed by every script that npm starts with Node', () => {
    const started = Object.entries<string>(manifest.scripts).filter(([, line]) => /\bnode /.test(line));
    assert.ok(started.length > 8);
    assert.deepEqual(
      started.filter(([, line]) => !line.includes('node scripts/run.cjs ')).map(([name]) => name),
      [],
    );
  });
});

describe('the image', () => {
  const copied = [...readFileSync('deploy/Dockerfile', 'utf8').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
    ([, paths = '']) => paths.split(/\s+/),
  );

  it('is built from files that .dockerignore lets through', () => {
    const allowed = readFileSync('.dockerignore', 'utf8').split('\n');
    assert.ok(copied.length > 5);
    assert.deepEqual(
      copied.filter((path) => !allowed.includes(`!${path.replace('./', '')}`)),
      [],
    );
  });

  it('has every module that its scripts import', () => {
    const scripts = copied.filter((path) => /^scripts\/.*\.ts$/.test(path));
    const needed = new Set(scripts.map((path) => resolve(path)));
    for (const path of needed) {
      const imports = readFileSync(path, 'utf8').matchAll(/^(?:import|export) .*from '(\..+)';$/gm);
      for (const [, module = ''] of imports) needed.add(resolve(dirname(path), module));
    }
    assert.ok(needed.size > scripts.length, 'the scripts import nothing: the expression above finds no import');
    const isCopied = (path: string) => copied.some((one) => path === one || path.startsWith(`${one}/`));
    assert.deepEqual(
      [...needed].map((path) => relative('.', path)).filter((path) => !isCopied(path)),
      [],
    );
  });
});
