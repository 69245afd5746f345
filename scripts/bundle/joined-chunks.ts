import { resolve } from 'node:path';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';

/**
 * What a command with little to do loads. esbuild writes one chunk for each set of entries that share a module: 60 files
 * for a command that prints one line, and to find, read and link them was a third of its time. The modules that these
 * import are joined, with some that such a command does not use: V8 compiles a function when it is called.
 */
const FIRST = [
  'src/library/current.ts',
  'src/library/history.ts',
  'src/library/migrate.ts',
  'src/database/read-history.ts',
  'src/cli/program-run.ts',
  'src/cli/io.ts',
];

/**
 * Chunks of their own, because they need a package: its modules are joined for the entries that need the package anyway,
 * by `because`. Modules that other entries need too are in the common chunk.
 */
const APART = [
  { because: 'src/cli/commands/index.ts', first: ['src/cli/commands/index.ts', 'src/cli/program.ts'] },
  {
    because: 'src/database/postgres/driver.ts',
    first: ['src/database/postgres/index.ts', 'src/database/postgres/connect-with-retry.ts'],
  },
  {
    because: 'src/database/sqlite/driver.ts',
    first: ['src/database/sqlite/index.ts', 'src/database/sqlite/file.ts'],
  },
];

const NAMESPACE = 'joined';

/** Each `import()` gets a module that imports the joined modules first, so that esbuild has the same set for all of them. */
export async function joinedChunks(options: BuildOptions): Promise<Plugin> {
  const { metafile } = await build({ ...options, metafile: true, write: false });
  const before = joinedBefore(metafile);
  return {
    name: NAMESPACE,
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) =>
        kind === 'dynamic-import' ? { path: resolve(resolveDir, path), namespace: NAMESPACE } : undefined,
      );
      onLoad({ filter: /./, namespace: NAMESPACE }, ({ path }) => ({
        contents: [
          ...before(path.slice(resolve('.').length + 1)).map((file) => `import '${resolve(file)}';`),
          `export * from '${path}';`,
        ].join('\n'),
        resolveDir: resolve('.'),
      }));
    },
  };
}

/** The modules to load before an entry, each after those that it imports. */
function joinedBefore(metafile: Metafile): (entry: string) => string[] {
  const needs = importsOf(metafile, 'import-statement');
  for (const file of [FIRST, ...APART.map(({ because, first }) => [because, ...first])].flat()) {
    if (!needs.has(file)) throw new Error(`bundle: ${file} does not exist`);
  }
  const entries = [...importsOf(metafile, 'dynamic-import').values()].flat();
  const neededBy = new Map([...new Set(entries)].map((entry) => [entry, closure([entry], needs)]));
  const apart = APART.map(({ because, first }) => {
    const others = [...neededBy.values()].filter((all) => !all.has(because));
    const modules = closure(first, needs);
    const [common, own] = [true, false].map((wanted) =>
      [...modules].filter((file) => others.some((all) => all.has(file)) === wanted),
    );
    return { because, common: common ?? [], own: own ?? [] };
  });
  const common = closure([...apart.flatMap((one) => one.common), ...FIRST], needs);
  return (entry) => {
    const all = closure([entry], needs);
    return [
      ...([...common].some((file) => all.has(file)) ? common : []),
      ...apart.filter(({ because }) => all.has(because)).flatMap(({ own }) => own),
    ];
  };
}

/** For each module of src, those that it imports. */
function importsOf({ inputs }: Metafile, wanted: 'import-statement' | 'dynamic-import'): Map<string, string[]> {
  const isSource = (path: string) => path.startsWith('src/');
  return new Map(
    Object.entries(inputs).map(([file, { imports }]) => [
      file,
      imports.filter(({ kind, path }) => kind === wanted && isSource(path)).map(({ path }) => path),
    ]),
  );
}

/** The modules with all that they import, each after those that it imports. */
function closure(start: readonly string[], needs: Map<string, string[]>): Set<string> {
  const entered = new Set<string>();
  const left = new Set<string>();
  const enter = (file: string) => {
    if (entered.has(file)) return;
    entered.add(file);
    for (const next of needs.get(file) ?? []) enter(next);
    left.add(file);
  };
  for (const file of start) enter(file);
  return left;
}
