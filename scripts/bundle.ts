import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/**
 * Joins the modules of src into chunks below `folder`. A command would otherwise spend a third of its time on finding and
 * reading 200 files. The library and the command line share their chunks: a class exists once in a process. Packages stay
 * files of their own, except zod: it consists of 95 files, which take twice as long to load as one.
 *
 * `more` are programs in addition to those of the package: a name below `folder`, without `.js`, and the module.
 */
export function bundle(folder: string, more: Record<string, string> = {}): void {
  const form = [
    '--bundle',
    '--splitting',
    '--format=esm',
    '--platform=node',
    '--target=node22.19',
    '--packages=external',
    '--alias:zod=./node_modules/zod/index.js',
  ];
  const others = Object.entries(more).map(([name, module]) => `${name}=${module}`);
  const names = ['--chunk-names=chunks/[name]-[hash]', `--outdir=${folder}`, '--log-level=warning'];
  const index = join(folder, 'index.ts');
  mkdirSync(folder, { recursive: true });
  writeFileSync(index, lazyIndex(readFileSync('src/index.ts', 'utf8'), relative(folder, 'src')));
  execFileSync(
    join(import.meta.dirname, '../node_modules/.bin/esbuild'),
    [
      `index=${index}`,
      'cli/main=src/cli/main.ts',
      'cli/kubectl-dbm=src/cli/kubectl-dbm.ts',
      ...others,
      ...form,
      ...names,
    ],
    { stdio: 'inherit' },
  );
  rmSync(index);
  // The result is the same in every folder: the tests name it by its content.
  const built = join(folder, 'index.js');
  writeFileSync(built, readFileSync(built, 'utf8').replace(/^\/\/ .*\/index\.ts$/m, '// src/index.ts'));
  copyFileSync(join(import.meta.dirname, '../node_modules/zod/LICENSE'), join(folder, 'LICENSE-zod'));
}

/**
 * `src/index.ts` with functions that load their module when they are called: `import 'db-manager'` loads no engine, no
 * driver and no package. All exports of `src/library` are functions that return a promise; `test/public-types.test.ts`
 * checks this. Values of other folders are exported as they are. Types have no JavaScript.
 */
function lazyIndex(source: string, src: string): string {
  const exports = [...source.matchAll(/^export (type )?\{([^}]*)\} from '\.\/([^']+)';$/gm)];
  if (exports.length !== source.match(/^export /gm)?.length)
    throw new Error('src/index.ts has an export of another form');
  return exports
    .filter(([, type]) => type === undefined)
    .flatMap(([, , list = '', file = '']) => {
      const path = JSON.stringify(`${src}/${file}`);
      const values = list
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '' && !name.startsWith('type '));
      if (values.some((name) => !/^\w+$/.test(name))) throw new Error(`src/index.ts renames an export of ${file}`);
      return file.startsWith('library/')
        ? values.map(
            (name) => `export async function ${name}(...given) { return (await import(${path})).${name}(...given); }`,
          )
        : [`export { ${values.join(', ')} } from ${path};`];
    })
    .join('\n');
}
