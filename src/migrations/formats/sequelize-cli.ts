import type { AuthorFunction, Call } from './code-bodies.ts';

/**
 * sequelize-cli: `up(queryInterface, Sequelize)`, where Sequelize is the class with its DataTypes; a function with a
 * third parameter says that it is done by calling it, as Node did before promises.
 * https://sequelize.org/docs/v6/other-topics/migrations/
 */
export function sequelizeCliCall(fn: AuthorFunction): Call {
  return (queryInterface, sequelize) => {
    const Sequelize = sequelizeClass(sequelize);
    if (fn.length < 3) return fn(queryInterface, Sequelize);
    return new Promise<void>((resolve, reject) => {
      const done = (error?: unknown) => (error === undefined || error === null ? resolve() : reject(error));
      // An async function with an unused third parameter never calls it: its promise counts too, once it rejects.
      Promise.resolve(fn(queryInterface, Sequelize, done)).catch(reject);
    });
  };
}

/** The class, also where an instance is at hand: an instance carries it. */
export function sequelizeClass(sequelize: unknown): unknown {
  if (typeof sequelize !== 'object' || sequelize === null) return sequelize;
  return 'Sequelize' in sequelize ? sequelize.Sequelize : sequelize.constructor;
}
