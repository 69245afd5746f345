import { runAuthorCode } from '../../author/run.ts';
import type { MigrationBody, MigrationFormat } from '../../core/model/migration.ts';
import type { Exports } from '../module.ts';
import { framePlace } from '../module-error.ts';
import type { AuthorFunction, Call } from './author-function.ts';
import { type CallStyle, callStyle } from './call-style.ts';
import { type CodeBody, codeAssertions, withAssertions } from './code-assertions.ts';
import { refuseForeignCode } from './foreign-code.ts';
import { type Bodies, invalid } from './format.ts';
import { knexCall } from './knex.ts';
import { sequelizeCliCall } from './sequelize-cli.ts';
import { eitherCall, umzugCall } from './umzug.ts';

/** Where `up` was found: on the module itself, or on the object that it exports. */
interface Holder {
  exports: Exports;
  /** Named exports of an ES module, which is how Umzug's own documentation writes a migration. */
  named: boolean;
}

/** Makes bodies of a module's `up` and `down`. Throws ProblemError InvalidMigration. */
export function codeBodies(module: Exports, file: string, path: string): Bodies {
  const holder = findHolder(module);
  if (holder === undefined && Object.values(module).some(isMigrationClass)) {
    return invalid(
      file,
      1,
      'This is a class with "up", as TypeORM and MikroORM write migrations, which are not supported. Write its SQL into a .sql file of the same name, then mark the applied ones: db-manager migrate stamp head',
    );
  }
  if (holder === undefined) {
    return invalid(
      file,
      1,
      'The function "up" is missing. Write: export async function up({ context: queryInterface }) { … }',
    );
  }
  const up = functionOf(holder.exports, 'up', file);
  const down = functionOf(holder.exports, 'down', file);
  if (up === undefined) throw new Error('the holder has an up');
  refuseForeignCode(
    holder.exports,
    [up, down].filter((fn) => fn !== undefined),
    file,
  );
  const styles = [up, down].flatMap((fn) => (fn === undefined ? [] : [callStyle(fn)]));
  const style = styles.find((one) => one !== 'either');
  const assertions = codeAssertions(holder.exports.assertions ?? module.assertions, file);
  const body = (fn: AuthorFunction): MigrationBody => {
    const call = codeBody(fn, holder.exports, styleOf(fn, style), file, path);
    return fn === up ? withAssertions(call, assertions) : call;
  };
  const transaction = flag(holder.exports, module, file, style);
  return {
    format: formatOf(style, holder),
    description: text(holder.exports.description) ?? text(module.description),
    up: body(up),
    down: down === undefined ? undefined : body(down),
    transactional: { up: transaction ?? true, down: transaction ?? true },
    atomic: transaction === true,
  };
}

/** `export function up`, `export default { up }`, `module.exports = { up }`, and a default in a default (tsc). */
function findHolder(module: Exports): Holder | undefined {
  let exports: unknown = module;
  for (let depth = 0; depth < 3; depth += 1) {
    if (!isExports(exports)) return undefined;
    if (typeof exports.up === 'function') {
      return { exports: commonJs(module) ?? exports, named: depth === 0 && commonJs(module) === undefined };
    }
    exports = exports.default;
  }
  return undefined;
}

/** Of CommonJS, Node also shows the names; the object itself is what `this` has to be. */
function commonJs(module: Exports): Exports | undefined {
  const exported = module['module.exports'] ?? module.default;
  return isExports(exported) && typeof exported.up === 'function' ? exported : undefined;
}

/** `export class Orders1700000000000 implements MigrationInterface { up(queryRunner) … }` */
function isMigrationClass(value: unknown): boolean {
  return typeof value === 'function' && typeof (value.prototype as { up?: unknown } | undefined)?.up === 'function';
}

function isExports(value: unknown): value is Exports {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function functionOf(exports: Exports, name: 'up' | 'down', file: string): AuthorFunction | undefined {
  const value = exports[name];
  if (value === undefined || value === null) return undefined;
  if (isFunction(value)) return value;
  return invalid(file, 1, `"${name}" is a ${typeof value}, but it must be a function.`);
}

function isFunction(value: unknown): value is AuthorFunction {
  return typeof value === 'function';
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function flag(exports: Exports, module: Exports, file: string, style?: CallStyle): boolean | undefined {
  const value = exports.transaction ?? module.transaction ?? (style === 'knex' ? configOf(exports, module) : undefined);
  if (value === undefined || typeof value === 'boolean') return value;
  return invalid(file, 1, '"transaction" must be true or false: export const transaction = false;');
}

/** Knex: `exports.config = { transaction: false }`. */
function configOf(exports: Exports, module: Exports): unknown {
  const config = exports.config ?? module.config;
  return isExports(config) ? config.transaction : undefined;
}

function formatOf(style: CallStyle | undefined, { named }: Holder): MigrationFormat {
  if (style !== undefined && style !== 'either') return style;
  return named ? 'umzug' : 'sequelize-cli';
}

/** A function whose parameters are ambiguous has the convention of its counterpart. */
function styleOf(fn: AuthorFunction, style: CallStyle | undefined): CallStyle {
  const own = callStyle(fn);
  return own === 'either' ? (style ?? 'either') : own;
}

const CALLS = {
  umzug: umzugCall,
  'sequelize-cli': sequelizeCliCall,
  knex: knexCall,
  either: eitherCall,
} satisfies Record<CallStyle, (fn: AuthorFunction, names: { name: string; file: string; path: string }) => Call>;

function codeBody(fn: AuthorFunction, self: Exports, style: CallStyle, file: string, path: string): CodeBody {
  const name = file.slice(file.lastIndexOf('/') + 1);
  const call = CALLS[style](fn.bind(self), { name, file, path });
  return {
    kind: 'code',
    call: (queryInterface, sequelize, queries) => runAuthorCode(name, () => call(queryInterface, sequelize), queries),
    placeOf(error) {
      const place = error instanceof Error ? framePlace(error.stack ?? '', path) : undefined;
      return place && { file, ...place };
    },
  };
}
