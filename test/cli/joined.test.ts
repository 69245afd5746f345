import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { bundle } from '../../scripts/bundle.ts';
import { DIALECTS, temporaryDatabase, temporaryFolder } from '../support/databases.ts';

const run = promisify(execFile);

/** Loaded before the program: writes the files that it loads after this one, and Node's own modules. */
const LISTENER = `import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
const files = [];
registerHooks({ load(url, context, next) { files.push(url); return next(url, context); } });
const before = new Set(process.moduleLoadList);
process.on('exit', () => {
  const own = process.moduleLoadList.filter((name) => !before.has(name)).map((name) => 'node:' + name.split(' ').at(-1));
  writeFileSync(process.env.LOADED, JSON.stringify([...files, ...own]));
});
`;

interface Loaded {
  /** Of the program. */
  files: string[];
  /** The modules of src and of packages that these files consist of, and packages outside. */
  modules: string[];
  /** `node:tls` */
  builtins: string[];
}

describe('the joined programs', function () {
  this.timeout(60_000);
  let programs: string;
  let listener: string;

  before(async () => {
    // As in the package: the programs of the tests are more. Below this folder, where the packages are found.
    programs = resolve(`.cache/joined-${process.pid}`);
    await bundle(programs);
    listener = join(await temporaryFolder('listener'), 'listener.mjs');
    await writeFile(listener, LISTENER);
  });

  after(() => rmSync(programs, { recursive: true }));

  async function loadedBy(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Loaded> {
    const loaded = join(dirname(listener), 'loaded.json');
    await run(process.execPath, ['--import', listener, ...args], {
      // Without a configuration file.
      cwd: dirname(listener),
      env: { ...process.env, ...env, LOADED: loaded },
    });
    const urls = JSON.parse(readFileSync(loaded, 'utf8')) as string[];
    const paths = urls.filter((url) => url.startsWith('file:')).map((url) => fileURLToPath(url));
    const files = paths.filter((path) => path.startsWith(programs));
    const inside = files.flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/^\s*(?:\/\/ |")((?:src|node_modules)\/[^"\s]+)/gm)].map(
        ([, module = '']) => module,
      ),
    );
    const outside = paths.flatMap((path) => /node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
    return { files, modules: [...inside, ...outside], builtins: urls.filter((url) => url.startsWith('node:')) };
  }

  const packagesOf = ({ modules }: Loaded) =>
    new Set(modules.flatMap((module) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(module)?.[1] ?? []));

  for (const dialect of DIALECTS) {
    it(`a command with nothing to do loads few files: ${dialect}`, async () => {
      const { url } = await temporaryDatabase(dialect);
      const folder = await temporaryFolder('migrations');
      await writeFile(join(folder, '1_a.sql'), 'CREATE TABLE a (id bigint);');
      const command = (...words: string[]) =>
        loadedBy([join(programs, 'cli/main.js'), ...words, '--migrations', folder], { DATABASE_URL: url });
      await command('migrate', 'upgrade');
      for (const name of ['current', 'history', 'upgrade']) {
        const loaded = await command('migrate', name);
        assert.ok(loaded.modules.includes('src/library/current.ts'), loaded.modules.join('\n'));
        assert.ok(loaded.files.length <= 18, `${name} loads ${loaded.files.join('\n')}`);
        const heavy = ['zod', 'yaml', 'sequelize', 'umzug', 'libpg-query', 'winston', '@kubernetes/client-node'];
        assert.deepEqual(
          [...packagesOf(loaded)].filter((one) => heavy.includes(one)),
          [],
          name,
        );
        assert.ok(!loaded.modules.includes('src/core/safety/rules.ts'), name);
        const unused = [
          'node:tls',
          'node:http',
          'node:child_process',
          ...(dialect === 'sqlite' && name === 'current' ? ['node:crypto'] : []),
        ];
        assert.deepEqual(
          loaded.builtins.filter((one) => unused.includes(one)),
          [],
          name,
        );
      }
    });
  }

  it('the version is printed without a database and without a package outside', async () => {
    const loaded = await loadedBy([join(programs, 'cli/main.js'), '--version']);
    assert.deepEqual([...packagesOf(loaded)].sort(), ['commander', 'lilconfig', 'pg-connection-string']);
    assert.ok(loaded.files.length > 2 && loaded.files.length < 14, loaded.files.join('\n'));
    assert.ok(!loaded.modules.some((module) => /database\/(?:postgres|sqlite)\/driver/.test(module)));
  });

  it('an import of the library loads no package', async () => {
    const index = JSON.stringify(pathToFileURL(join(programs, 'index.js')).href);
    const loaded = await loadedBy(['--input-type=module', '-e', `await import(${index})`]);
    assert.ok(loaded.files.length > 0);
    assert.deepEqual([...packagesOf(loaded)], []);
  });

  it('modules of Node are loaded without an import, which reads all of their exports', () => {
    const files = readdirSync(programs, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));
    const imports = files.filter((name) =>
      /^import .* from "(?:node:|fs"|path")/m.test(readFileSync(join(programs, name), 'utf8')),
    );
    assert.ok(files.length > 100);
    assert.deepEqual(imports, []);
  });

  it('a chunk that is loaded for its parts starts no program', () => {
    const starts = ['src/cli/start.ts', 'src/cli/plugin/start.ts'].map((module) =>
      readdirSync(join(programs, 'chunks')).filter((name) =>
        readFileSync(join(programs, 'chunks', name), 'utf8').includes(`// ${module}\n`),
      ),
    );
    for (const files of starts) {
      assert.equal(files.length, 1);
      assert.match(files[0] ?? '', /^start-/);
    }
  });
});
