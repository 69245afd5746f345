/** `up` or `down` of a code migration, with the arguments that its tool gives. */
export type AuthorFunction = (...args: unknown[]) => unknown;

/** How an author's function is called with what the database gives. */
export type Call = (queryInterface: unknown, sequelize: unknown) => unknown;
