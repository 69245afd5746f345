import { currentAuthor } from '../../author/context.ts';
import { isThenable } from '../../author/run.ts';
import type { AuthorFunction, Call } from './author-function.ts';

/**
 * sequelize-cli: `up(queryInterface, Sequelize)`, where Sequelize is the class with its DataTypes; a function with a
 * third parameter signals its end by calling it, as Node did before promises.
 * https://sequelize.org/docs/v6/other-topics/migrations/
 */
export function sequelizeCliCall(fn: AuthorFunction): Call {
  return (queryInterface, sequelize) => {
    const Sequelize = sequelizeClass(sequelize);
    if (fn.length < 3) return fn(queryInterface, Sequelize);
    return new Promise<void>((resolve, reject) => {
      const done = (error?: unknown) => {
        if (error === undefined || error === null) return resolve();
        reject(error);
        // It may call it after its promise has been resolved.
        currentAuthor()?.fail(error);
      };
      const returned = fn(queryInterface, Sequelize, done);
      // An async function with an unused third parameter never calls it: its promise counts too.
      if (isThenable(returned)) Promise.resolve(returned).then(() => resolve(), reject);
    });
  };
}

/** The class, also from an instance, which references it. */
export function sequelizeClass(sequelize: unknown): unknown {
  if (typeof sequelize !== 'object' || sequelize === null) return sequelize;
  return 'Sequelize' in sequelize ? sequelize.Sequelize : sequelize.constructor;
}
