import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { importAsAuthor } from '../author/output.ts';
import { type Problem, ProblemError } from '../core/model/problem.ts';
import { lendPackages } from '../loader/lent-packages.ts';
import { forgetModule } from '../loader/reload.ts';
import { readAnySuffix, typeOfPackage } from '../loader/suffixes.ts';
import { placeOfError } from './module-error.ts';

/** The exports of a module, in any module format. */
export type Exports = Readonly<Record<string, unknown>>;

/**
 * Imports a migration through Node itself: TypeScript by type stripping, CommonJS and ES modules alike. The checksum is
 * a part of the address, so that a long-lived process loads an edited file again.
 *
 * Throws ProblemError InvalidMigration with file, line, column and the message of Node.
 */
export async function importMigration(folder: string, file: string, checksum: string): Promise<Exports> {
  const path = join(folder, file);
  const url = pathToFileURL(path);
  url.searchParams.set('checksum', checksum.slice('sha256:'.length, 'sha256:'.length + 16));
  await forgetModule(path);
  try {
    lendPackages();
    readAnySuffix();
    return await importAsAuthor(file, 'InvalidMigration', () => import(url.href));
  } catch (cause) {
    if (cause instanceof ProblemError) throw cause;
    throw new ProblemError(await importProblem(cause, file, path), { cause });
  }
}

async function importProblem(error: unknown, file: string, path: string): Promise<Problem> {
  const place = await placeOfError(error, path);
  const where = place === undefined ? file : `${file}:${place.line}:${place.column}`;
  return {
    reason: 'InvalidMigration',
    message: `${where}: ${sentence(error)}${advice(error, path)}`,
    position: place === undefined ? undefined : { file, ...place },
  };
}

function sentence(error: unknown): string {
  if (!(error instanceof Error)) return `It threw ${JSON.stringify(error) ?? String(error)} when it was imported.`;
  const [first = ''] = error.message.split('\n');
  const named = error.name === 'Error' ? first : `${error.name}: ${first}`;
  return /[.!?]$/.test(named) ? named : `${named}.`;
}

const ADVICE: Record<string, string> = {
  ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX:
    ' Node only strips types: write it without enum, namespace, parameter properties and "export =", or compile it to .js.',
  ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING:
    ' Node does not run TypeScript below node_modules: compile it to .js, or keep the migrations elsewhere.',
  ERR_MODULE_NOT_FOUND: ' Install the package next to the migrations, or write the import with its extension (./x.ts).',
  MODULE_NOT_FOUND: ' Install the package next to the migrations, or correct the path.',
};

function advice(error: unknown, path: string): string {
  if (!(error instanceof Error)) return '';
  if (isEsmInCommonJs(error)) return esmAdvice(path);
  if ('code' in error && typeof error.code === 'string') return ADVICE[error.code] ?? '';
  if (error instanceof ReferenceError && /^(?:module|exports|require) is not defined/.test(error.message)) {
    return ' Name the file .cjs, or write it with import and export.';
  }
  return '';
}

/**
 * The messages of Node for `import` and `export` in a file that it loads as CommonJS, at its top or in what it
 * requires.
 */
function isEsmInCommonJs(error: Error): boolean {
  return (
    error instanceof SyntaxError &&
    /^(?:Cannot use import statement outside a module|Unexpected token 'export'|Cannot use 'import\.meta' outside a module|await is only valid in async functions and the top level bodies of modules)/.test(
      error.message,
    )
  );
}

function esmAdvice(path: string): string {
  const why =
    typeOfPackage(dirname(path)) === 'commonjs'
      ? 'because its package.json has "type": "commonjs"'
      : 'because of its suffix or a package.json';
  return ` The file is written as an ES module (as for Babel), but Node takes it for CommonJS ${why}. Name it .mjs, or put a package.json with {"type":"module"} next to the migrations, or compile it. With Babel, compile it while it runs: NODE_OPTIONS="--require @babel/register"`;
}
