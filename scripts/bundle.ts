import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { builtins } from './bundle/builtins.ts';
import { joinedChunks } from './bundle/joined-chunks.ts';

/** Packages that consist of many small files, or that most commands load: their main file. Their licences are in `dist`. */
const PACKAGES = {
  zod: 'index.js',
  commander: 'index.js',
  lilconfig: 'src/index.js',
  'pg-connection-string': 'index.js',
};

/**
 * Joins the modules of src into chunks below `folder`. A command would otherwise spend a third of its time on finding and
 * reading 200 files. The library and the command line share their chunks: a class exists once in a process. Packages stay
 * files of their own, except those of `PACKAGES`.
 *
 * `more` are programs in addition to those of the package: a name below `folder`, without `.js`, and the module.
 */
export async function bundle(folder: string, more: Record<string, string> = {}): Promise<void> {
  const index = join(folder, 'index.ts');
  mkdirSync(folder, { recursive: true });
  writeFileSync(index, lazyIndex(readFileSync('src/index.ts', 'utf8'), relative(folder, 'src')));
  const packages = join(import.meta.dirname, '../node_modules');
  const options: BuildOptions = {
    entryPoints: { index, 'cli/main': 'src/cli/main.ts', 'cli/kubectl-dbm': 'src/cli/kubectl-dbm.ts', ...more },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.19',
    packages: 'external',
    alias: Object.fromEntries(Object.entries(PACKAGES).map(([name, file]) => [name, join(packages, name, file)])),
    chunkNames: 'chunks/[name]-[hash]',
    outdir: folder,
    logLevel: 'warning',
  };
  await build({ ...options, plugins: [builtins, await joinedChunks(options)] });
  rmSync(index);
  // The result is the same in every folder: the tests name it by its content.
  const built = join(folder, 'index.js');
  writeFileSync(built, readFileSync(built, 'utf8').replace(/^\/\/ .*\/index\.ts$/m, '// src/index.ts'));
  for (const name of Object.keys(PACKAGES))
    copyFileSync(join(packages, name, 'LICENSE'), join(folder, `LICENSE-${name}`));
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
