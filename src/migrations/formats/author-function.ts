/** `up` or `down` of a code migration, with the arguments that its tool gives. Its `this` is the object that exports it. */
export type AuthorFunction = (...args: unknown[]) => unknown;

/** Calls the function of an author with the arguments that the database provides. */
export type Call = (queryInterface: unknown, sequelize: unknown) => unknown;
