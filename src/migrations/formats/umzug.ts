import type { AuthorFunction, Call } from './author-function.ts';
import { sequelizeClass } from './sequelize-cli.ts';

/**
 * Umzug 3: `up({ context, name, path })`. The context is what the project chose: the query interface, as in Umzug's page,
 * or Sequelize, as in its examples. The one that is given here has the members of both.
 * https://github.com/sequelize/umzug#minimal-example
 */
export function umzugCall(fn: AuthorFunction, names: { name: string; path: string }): Call {
  return (queryInterface) => fn({ context: withSequelize(queryInterface), name: names.name, path: names.path });
}

function withSequelize(queryInterface: unknown): unknown {
  if (typeof queryInterface !== 'object' || queryInterface === null || !('sequelize' in queryInterface)) {
    return queryInterface;
  }
  return combined(queryInterface, queryInterface.sequelize as object, (key) => !(key in queryInterface));
}

/** `first`, with the members of `second` that `fromSecond` names. */
function combined(first: object, second: object, fromSecond: (key: PropertyKey) => boolean): object {
  return new Proxy(first, {
    get(_, key) {
      const from = fromSecond(key) ? second : first;
      const value: unknown = Reflect.get(from, key, from);
      return typeof value === 'function' && key !== 'constructor' ? value.bind(from) : value;
    },
    has: (_, key) => key in first || (fromSecond(key) && key in second),
  });
}

/**
 * For a function that does not show which of the two it is, such as `up(x)`: the first argument is the query interface
 * with the three names of Umzug added, the second is Sequelize. Either way the function finds what it expects.
 */
export function eitherCall(fn: AuthorFunction, names: { name: string; path: string }): Call {
  return (queryInterface, sequelize) => {
    const params = { context: withSequelize(queryInterface), name: names.name, path: names.path };
    if (typeof queryInterface !== 'object' || queryInterface === null) return fn(params, sequelizeClass(sequelize));
    const both = combined(queryInterface, params, (key) => Object.hasOwn(params, key));
    return fn(both, sequelizeClass(sequelize));
  };
}
