import type { AuthorFunction, Call } from './author-function.ts';
import { sequelizeClass } from './sequelize-cli.ts';

/**
 * Umzug 3: `up({ context, name, path })`, where the context is the query interface.
 * https://github.com/sequelize/umzug#minimal-example
 */
export function umzugCall(fn: AuthorFunction, names: { name: string; path: string }): Call {
  return (queryInterface) => fn({ context: queryInterface, name: names.name, path: names.path });
}

/**
 * For a function that does not show which of the two it is, such as `up(x)`: the first argument is the query interface
 * with the three names of Umzug added, the second is Sequelize. Either way the function finds what it expects.
 */
export function eitherCall(fn: AuthorFunction, names: { name: string; path: string }): Call {
  return (queryInterface, sequelize) => {
    const params: Record<PropertyKey, unknown> = { context: queryInterface, name: names.name, path: names.path };
    if (typeof queryInterface !== 'object' || queryInterface === null) return fn(params, sequelizeClass(sequelize));
    const both = new Proxy(queryInterface, {
      get(target, key) {
        if (Object.hasOwn(params, key)) return params[key];
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
      has: (target, key) => Object.hasOwn(params, key) || Reflect.has(target, key),
    });
    return fn(both, sequelizeClass(sequelize));
  };
}
