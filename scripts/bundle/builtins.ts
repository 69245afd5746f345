import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import type { Plugin } from 'esbuild';

/** Loaded by the first call of one of their functions: 3 to 10 ms, and a command that reads names alone needs none. */
const LATE = ['node:child_process', 'node:crypto', 'node:tls'];
const NAMESPACE = 'required';

/**
 * Modules of Node are loaded without `import`: for an import, Node reads each export of the module once, and with it what
 * those load that are getters. `import 'node:process'` costs 7 ms of processor time, `node:fs` and `node:util` 3 ms each.
 */
export const builtins: Plugin = {
  name: 'builtins',
  setup({ onResolve, onLoad }) {
    onLoad({ filter: /\.ts$/, namespace: 'file' }, ({ path }) => ({
      contents: withoutImports(readFileSync(path, 'utf8'), path),
      loader: 'ts',
    }));
    // In CommonJS: the joined modules have no `require`.
    onResolve({ filter: /^[a-z]/ }, ({ path, kind }) =>
      kind === 'require-call' && isBuiltin(path) ? { path: nameOf(path), namespace: NAMESPACE } : undefined,
    );
    onLoad({ filter: /./, namespace: NAMESPACE }, ({ path }) => ({ contents: required(path) }));
  },
};

/** `import { a, b as c } from 'node:x'` becomes `const { a, b: c } = …`. Types are not there any more. */
function withoutImports(text: string, file: string): string {
  return text.replaceAll(/^import ([^;]+?) from '(node:[^']+)';$/gm, (all, clause: string, path: string) => {
    if (clause.startsWith('type ')) return all;
    if (/^\w+$/.test(clause)) return `const ${clause} = ${load(path)};`;
    const [, list] = /^\{([^}]*)\}$/.exec(clause) ?? [];
    if (list === undefined) throw new Error(`bundle: ${file} imports a module of Node in another form: ${clause}`);
    return list
      .split(',')
      .map((one) => one.trim().split(' as '))
      .filter(([name = '']) => name !== '' && !name.startsWith('type '))
      .map(([name = '', own = name]) => constant(path, name, own))
      .join(' ');
  });
}

function constant(path: string, name: string, own: string): string {
  return LATE.includes(path) && isPlainFunction(path, name)
    ? `const ${own} = (...given: any[]) => ${load(path)}.${name}(...given);`
    : `const { ${name}: ${own} } = ${load(path)};`;
}

function required(path: string): string {
  return LATE.includes(path)
    ? `module.exports = new Proxy({}, { get: (_, name) => ${load(path)}[name] });`
    : `module.exports = ${load(path)};`;
}

function nameOf(path: string): string {
  return path.startsWith('node:') ? path : `node:${path}`;
}

function load(path: string): string {
  return `process.getBuiltinModule('${path}')`;
}

/** No class, and nothing belongs to the function, as `util.promisify.custom` does to `execFile`. */
function isPlainFunction(path: string, name: string): boolean {
  const value: unknown = Reflect.get(process.getBuiltinModule(path) ?? {}, name);
  if (typeof value !== 'function' || !/^[a-z]/.test(name)) return false;
  return Reflect.ownKeys(value).every((key) => ['length', 'name', 'prototype'].includes(String(key)));
}
