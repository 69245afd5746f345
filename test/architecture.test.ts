import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';

/**
 * The dependencies between modules: which module may import which. A module is the longest of these prefixes that the
 * path of a file starts with. Every import inside src is checked; one that is not listed fails.
 */
const DEPENDENCIES: Record<string, { modules: string[]; packages: string[] }> = {
  // pg-connection-string is a pure function over text here: it is given neither file names nor parameters.
  'core/model': { modules: [], packages: ['zod', 'pg-connection-string'] },
  'core/planning': { modules: ['core/model'], packages: [] },
  // SQL as text: tokens, statements, CREATE TABLE of SQLite. What differs between the databases is in its folders.
  sql: { modules: ['core/model'], packages: [] },
  'core/schema': { modules: ['core/model', 'sql'], packages: [] },
  'core/safety': { modules: ['core/model', 'core/planning', 'core/schema', 'sql'], packages: [] },
  'core/report-page': { modules: ['core/model', 'core/schema', 'sql'], packages: [] },
  'core/dashboard': { modules: ['core/model', 'core/report-page'], packages: [] },
  'core/reconcile': { modules: ['core/model', 'sql'], packages: ['croner'] },
  // Every call of code that users wrote uses it.
  author: { modules: ['core/model'], packages: [] },
  migrations: {
    modules: ['author', 'loader', 'core/model', 'core/planning', 'core/schema', 'core/safety', 'sql'],
    packages: ['*'],
  },
  // All that changes how Node loads modules.
  loader: { modules: [], packages: ['@kubernetes/client-node', 'umzug'] },
  'garbage.ts': { modules: [], packages: [] },
  // Optional peer dependencies: who needs one asks for it.
  'required-packages.ts': { modules: ['core/model/problem.ts'], packages: [] },
  models: {
    modules: ['author', 'core/model', 'core/schema', 'garbage.ts', 'loader'],
    packages: ['sequelize'],
  },
  database: {
    modules: [
      'author',
      'core/model',
      'core/planning',
      'core/schema',
      'loader',
      'required-packages.ts',
      'sql',
      'database/port.ts',
    ],
    packages: ['sequelize', 'pg', 'sqlite3', 'umzug', '@aws-sdk/rds-signer'],
  },
  // `core/schema`: what the database is asked about two schemas is a question of the comparison.
  'database/port.ts': { modules: ['core/model', 'core/schema', 'database/port'], packages: [] },
  'database/port': { modules: ['core/model', 'core/schema'], packages: ['sequelize'] },
  // Runs the command of another tool; knows nothing of its database but a URL.
  command: { modules: ['core/model'], packages: [] },
  // Relays the protocol; how a connection is made is the database's.
  proxy: { modules: ['core/model', 'database/port.ts'], packages: [] },
  backups: {
    modules: ['core/model', 'database/port.ts', 'garbage.ts', 'backups/object-store', 'backups/encryption'],
    packages: [],
  },
  // Loaded only for an `s3://` place and for an encrypted backup.
  'backups/object-store': {
    modules: ['core/model', 'backups', 'required-packages.ts'],
    packages: ['@aws-sdk/client-s3', '@aws-sdk/lib-storage'],
  },
  'backups/encryption': { modules: ['core/model'], packages: ['age-encryption'] },
  engine: {
    modules: [
      'core/model',
      'core/planning',
      'core/schema',
      'core/safety',
      'core/report-page',
      'sql',
      'migrations',
      'models',
      'database/port.ts',
      'backups',
      'proxy',
    ],
    packages: [],
  },
  library: {
    modules: [
      'author',
      'core/model',
      'core/planning',
      'core/schema',
      'core/safety',
      'core/report-page',
      'migrations',
      'models',
      'database',
      'database/port.ts',
      'backups',
      'command',
      'engine',
    ],
    packages: ['sequelize', 'zod', 'yaml', 'lilconfig'],
  },
  // Knows no resource of ours: what client-go and controller-runtime are for other operators.
  'controller-runtime': { modules: ['core/model/backoff.ts', 'loader'], packages: ['@kubernetes/client-node'] },
  // A kind is a folder: its schema and a pure function that decides.
  kinds: { modules: ['core/model', 'core/reconcile'], packages: ['zod'] },
  operator: {
    modules: ['controller-runtime', 'core/model', 'core/reconcile', 'kinds'],
    packages: ['@kubernetes/client-node'],
  },
  // The page of all resources: the API server is asked as its reader.
  dashboard: {
    modules: ['controller-runtime', 'core/model', 'core/dashboard', 'core/report-page', 'operator'],
    packages: ['p-map'],
  },
  telemetry: { modules: ['core/model'], packages: ['winston', 'prom-client', 'logform', 'triple-beam'] },
  cli: { modules: ['*'], packages: ['*'] },
  'index.ts': { modules: ['*'], packages: [] },
};

/** Core may hash; it may not read files, clocks or the environment. */
const BUILTINS_OF_CORE = ['node:crypto'];

const SOURCE = join(import.meta.dirname, '..', 'src');

describe('the architecture', () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.split(sep).join('/'));

  it('has a module for every file', () => {
    assert.deepEqual(
      files.filter((file) => moduleOf(file) === undefined),
      [],
    );
  });

  it('has no import that the table does not list', () => {
    assert.deepEqual(files.flatMap(violations), []);
  });

  it('lets only one file load umzug, and one use it', () => {
    assert.deepEqual(
      files.filter((file) => loadedBy(textOf(file)).includes('umzug')),
      ['loader/umzug.ts'],
    );
    assert.deepEqual(
      files.filter((file) => importsOf(file).includes('umzug') || localImportsOf(file).includes('loader/umzug.ts')),
      ['database/umzug.ts', 'loader/umzug.ts'],
    );
  });

  it('changes how Node loads modules only in src/loader', () => {
    assert.deepEqual(
      files.filter((file) => !file.startsWith('loader/') && changesLoader(withoutComments(textOf(file)))),
      [],
    );
    const own = files.filter((file) => file.startsWith('loader/'));
    assert.ok(own.length > 3 && own.every((file) => changesLoader(textOf(file))));
    for (const way of [
      'registerHooks({ load })',
      'delete require.cache[file]',
      'const { cache } = createRequire(import.meta.url);',
      'new Module(file)',
      "require.extensions['.ts'] = compile",
      'Module._resolveFilename = ours',
      "process.getBuiltinModule('module').register(hooks)",
    ]) {
      assert.ok(changesLoader(way), way);
    }
  });

  it('sees every way in which a module is loaded', () => {
    const ways = {
      "import type { Umzug } from 'umzug';": [[], ['umzug']],
      "import { Umzug } from 'umzug';": [['umzug'], ['umzug']],
      "export { Umzug } from 'umzug';": [['umzug'], ['umzug']],
      "import 'umzug';": [['umzug'], ['umzug']],
      "const { Umzug } = await import('umzug');": [['umzug'], ['umzug']],
      "  return require('umzug').Umzug;": [['umzug'], ['umzug']],
      "  return createRequire(import.meta.url)('umzug');": [['umzug'], ['umzug']],
      "  const from = (at: string) => createRequire(at)('umzug');": [['umzug'], ['umzug']],
      "  createRequire(import.meta.url)<Types>('umzug')": [['umzug'], ['umzug']],
      "process.getBuiltinModule('fs');": [['fs'], ['fs']],
      "// require('umzug')": [[], []],
    };
    for (const [text, [loaded, imported]] of Object.entries(ways)) {
      assert.deepEqual([loadedBy(text), importsIn(text)], [loaded, imported], text);
    }
  });

  it('lets core read no clock, no environment and no file', () => {
    const forbidden = /\bprocess\.|\bDate\.now\(|new Date\(\)|Math\.random\(|\bconsole\./;
    const core = files.filter((file) => file.startsWith('core/'));
    assert.ok(core.length > 10);
    assert.deepEqual(
      core.filter((file) => forbidden.test(withoutComments(readFileSync(join(SOURCE, file), 'utf8')))),
      [],
    );
  });

  it('has no import cycle, through types and dynamic imports too', () => {
    assert.deepEqual(cycles(new Map(files.map((file) => [file, localImportsOf(file)]))), []);
    // The search itself finds one.
    assert.deepEqual(
      cycles(
        new Map([
          ['a', ['b']],
          ['b', ['c']],
          ['c', ['b']],
        ]),
      ),
      [['b', 'c']],
    );
  });

  it('compares the name of a database only in the folders of that database', () => {
    const folder = /^(?:database|models|sql)\/(?:postgres|sqlite)\//;
    const inside = files.filter((file) => folder.test(file));
    assert.ok(inside.length > 80);
    assert.deepEqual(
      files.filter((file) => !folder.test(file) && namesDialect(withoutComments(textOf(file)))),
      [],
    );
    for (const branch of [
      "if (dialect === 'sqlite') return;",
      "const other = target.dialect !== 'postgres' ? 1 : 2;",
      "switch (dialect) {\n  case 'postgres':",
      "'sqlite' === target.dialect",
      "['sqlite'].includes(dialect)",
    ]) {
      assert.ok(namesDialect(branch), branch);
    }
  });

  it('keeps files under 300 lines', () => {
    const long = files.filter((file) => readFileSync(join(SOURCE, file), 'utf8').split('\n').length > 300);
    assert.deepEqual(long, []);
  });
});

/** Whether code intercepts the loading of modules, or edits what Node keeps of them. */
function changesLoader(code: string): boolean {
  return /\bregisterHooks\(|\brequire\.(?:cache|extensions)\b|\bcache\b[^;\n]*createRequire|\bnew Module\(|\bModule\._|\bregister\(hooks/.test(
    code,
  );
}

/** Whether code branches on the name of a database. */
function namesDialect(code: string): boolean {
  const name = `['"](?:postgres|sqlite)['"]`;
  return new RegExp(`[!=]== ?${name}|${name} ?[!=]==|\\bcase ${name}|\\[${name}\\]\\.includes`).test(code);
}

function localImportsOf(file: string): string[] {
  return importsOf(file)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) =>
      relative(SOURCE, join(SOURCE, dirname(file), specifier))
        .split(sep)
        .join('/'),
    );
}

/** Groups of files that reach each other: Tarjan's strongly connected components with more than one member. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): number => {
    const number = order.size;
    order.set(file, number);
    lowest.set(file, number);
    stack.push(file);
    for (const next of graph.get(file) ?? []) {
      if (!graph.has(next)) continue;
      const reached = order.has(next) ? (stack.includes(next) ? (order.get(next) ?? number) : number) : visit(next);
      lowest.set(file, Math.min(lowest.get(file) ?? number, reached));
    }
    if (lowest.get(file) === number) {
      const group = stack.splice(stack.indexOf(file)).sort();
      if (group.length > 1) found.push(group);
    }
    return lowest.get(file) ?? number;
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return found;
}

function violations(file: string): string[] {
  const own = moduleOf(file);
  if (own === undefined) return [];
  const { modules, packages } = DEPENDENCIES[own] ?? { modules: [], packages: [] };
  return importsOf(file).flatMap((specifier) => {
    if (specifier.startsWith('.')) {
      const target = relative(SOURCE, join(SOURCE, dirname(file), specifier))
        .split(sep)
        .join('/');
      const to = moduleOf(target);
      const allowed =
        to === own ||
        modules.includes('*') ||
        [to, target].some((each) => each !== undefined && modules.includes(each));
      return allowed ? [] : [`${file} imports ${target}`];
    }
    if (isBuiltin(specifier)) {
      const allowed = !file.startsWith('core/') || BUILTINS_OF_CORE.includes(specifier);
      return allowed ? [] : [`${file} imports ${specifier}`];
    }
    const name = specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/');
    return packages.includes('*') || packages.includes(name) ? [] : [`${file} imports ${name}`];
  });
}

function moduleOf(file: string): string | undefined {
  return Object.keys(DEPENDENCIES)
    .filter((module) => file === module || file.startsWith(`${module}/`))
    .sort((a, b) => b.length - a.length)[0];
}

function importsOf(file: string): string[] {
  return importsIn(textOf(file));
}

function textOf(file: string): string {
  return readFileSync(join(SOURCE, file), 'utf8');
}

/** Types included. */
function importsIn(text: string): string[] {
  const types = withoutComments(text).matchAll(/^\s*(?:import|export)\s+type\s[^;'"]*?from\s+['"]([^'"]+)['"]/gm);
  return [...new Set([...loadedBy(text), ...[...types].map((match) => match[1] ?? '')])];
}

/** What the running program loads: statements, `import()`, `require` and what `createRequire` makes. */
function loadedBy(text: string): string[] {
  const ways = [
    /^\s*(?:import|export)\s(?!type\s)[^;'"]*?from\s+['"]([^'"]+)['"]/gm,
    /^\s*import\s+['"]([^'"]+)['"]/gm,
    /\bimport\(\s*['"]([^'"]+)['"]/g,
    /\brequire(?:\.resolve)?\(\s*['"]([^'"]+)['"]/g,
    /\bcreateRequire\([^()]*\)(?:<[^>]*>)?\(\s*['"]([^'"]+)['"]/g,
    /\bgetBuiltinModule\(\s*['"]([^'"]+)['"]/g,
  ];
  const code = withoutComments(text);
  return [...new Set(ways.flatMap((way) => [...code.matchAll(way)].map((match) => match[1] ?? '')))];
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}
