import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MigrationBody, MigrationFormat } from '../../core/model/migration.ts';
import { ProblemError } from '../../core/model/problem.ts';

type Calling = 'umzug' | 'sequelize-cli';
type AnyFunction = (...args: unknown[]) => unknown;

export interface ParsedCode {
  format: MigrationFormat;
  up: MigrationBody;
  down?: MigrationBody;
  transactional: { up: boolean; down: boolean };
  description?: string;
}

/**
 * A code migration: a module with `up` and maybe `down`, as named exports, as default export or as
 * `module.exports`. Umzug's functions take one object `{ context, name, path }`, sequelize-cli's take
 * `(queryInterface, Sequelize)`; they are told apart by `callingOf`.
 */
export async function loadCode(path: string, file: string, name: string, checksum: string): Promise<ParsedCode> {
  const module = await importModule(path, file, checksum);
  const { up, down, transaction, description, style } = module;
  if (typeof up !== 'function') {
    throw new ProblemError({
      reason: 'InvalidMigration',
      message: `${file} exports no function up. Write: export async function up({ context: queryInterface }) { … }`,
    });
  }
  const calling = callingOf(up as AnyFunction, style);
  const body = (fn: unknown): MigrationBody => ({
    kind: 'code',
    call: async (queryInterface, sequelize) => {
      await call(fn as AnyFunction, calling, { queryInterface, sequelize, name, path });
    },
  });
  return {
    format: calling,
    up: body(up),
    down: typeof down === 'function' ? body(down) : undefined,
    transactional: { up: transaction !== false, down: transaction !== false },
    description: typeof description === 'string' ? description : undefined,
  };
}

/**
 * Which arguments the author expects. A first parameter that is taken apart (`{ context }`) or used as `x.context`
 * is Umzug's; two parameters, or a first one with a query interface's methods called on it, are sequelize-cli's.
 * `export const style = 'umzug' | 'sequelize-cli'` ends every doubt.
 */
function callingOf(up: AnyFunction, style: unknown): Calling {
  if (style === 'umzug' || style === 'sequelize-cli') return style;
  const source = Function.prototype.toString.call(up);
  const parameters = source.slice(source.indexOf('(') + 1);
  if (/^\s*\{/.test(parameters)) return 'umzug';
  if (up.length >= 2) return 'sequelize-cli';
  const first = /^\s*(?:async\s*)?(?:function\b[^(]*|[\w$]+)?\s*\(?\s*([\w$]+)/.exec(
    source.replace(/^\s*async\s+/, ''),
  )?.[1];
  const name = /^\s*([\w$]+)/.exec(parameters)?.[1] ?? first;
  if (name === undefined) return 'umzug';
  return new RegExp(`(?<![\\w$.])${name.replace(/\$/g, '\\$')}\\s*(?:\\?\\.|\\.)\\s*context\\b`).test(source)
    ? 'umzug'
    : 'sequelize-cli';
}

interface Arguments {
  queryInterface: unknown;
  sequelize: unknown;
  name: string;
  path: string;
}

async function call(
  fn: AnyFunction,
  calling: Calling,
  { queryInterface, sequelize, name, path }: Arguments,
): Promise<void> {
  if (calling === 'umzug') {
    await fn({ context: queryInterface, name, path });
    return;
  }
  if (fn.length < 3) {
    await fn(queryInterface, sequelize);
    return;
  }
  // The oldest form: up(queryInterface, Sequelize, done).
  await new Promise<void>((resolve, reject) => {
    const done = (error?: unknown) => (error === undefined || error === null ? resolve() : reject(error));
    Promise.resolve(fn(queryInterface, sequelize, done)).catch(reject);
  });
}

/** The checksum is in the URL, so that an edited file is never answered from the module cache. */
async function importModule(path: string, file: string, checksum: string): Promise<Record<string, unknown>> {
  try {
    if (extname(path) === '.cjs') return requireFresh(path);
    const url = pathToFileURL(path);
    url.searchParams.set('v', checksum.slice(-12));
    const module = (await import(url.href)) as Record<string, unknown>;
    return unwrap(module);
  } catch (error) {
    throw unreadable(error, file);
  }
}

function requireFresh(path: string): Record<string, unknown> {
  const require = createRequire(import.meta.url);
  delete require.cache[require.resolve(path)];
  return unwrap(require(path) as Record<string, unknown>);
}

/** `export default { up }`, `module.exports = { up }` seen through import(), or the exports themselves. */
function unwrap(module: Record<string, unknown>): Record<string, unknown> {
  if (typeof module.up === 'function') return module;
  const inner = module.default;
  if (typeof inner === 'object' && inner !== null) return { ...module, ...unwrap(inner as Record<string, unknown>) };
  return module;
}

function unreadable(error: unknown, file: string): ProblemError {
  const known = error instanceof Error ? error : new Error(String(error));
  const line = Number(/:(\d+)\n/.exec(known.stack ?? '')?.[1]);
  const position =
    Number.isInteger(line) && line > 0 && known instanceof SyntaxError ? { file, line, column: 1 } : undefined;
  const place = position === undefined ? file : `${file}:${position.line}`;
  return new ProblemError(
    { reason: 'InvalidMigration', message: `${place} cannot be loaded: ${known.message}`, position },
    { cause: error },
  );
}
