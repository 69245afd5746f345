import { createRequire } from 'node:module';
import type { Options, Sequelize } from 'sequelize';

/**
 * Sequelize, loaded on first use: it is most of the cost of opening a database, and `.sql` migrations
 * do not need it.
 */
export function loadSequelize(): typeof import('sequelize') {
  return createRequire(import.meta.url)('sequelize');
}

interface LazySequelize {
  get(): Sequelize;
  /** If an instance was ever created. */
  close(): Promise<void>;
}

export function lazySequelize(options: Options): LazySequelize {
  let made: Sequelize | undefined;
  return {
    get() {
      made ??= new (loadSequelize().Sequelize)(options);
      return made;
    },
    async close() {
      await made?.close();
      made = undefined;
    },
  };
}
