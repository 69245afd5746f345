import { createRequire } from 'node:module';
import type { Options, Sequelize } from 'sequelize';

/**
 * Sequelize, loaded when it is first asked for: it is most of what opening a database costs, and `.sql` migrations
 * have no need of it.
 */
export function loadSequelize(): typeof import('sequelize') {
  return createRequire(import.meta.url)('sequelize');
}

export interface LazySequelize {
  get(): Sequelize;
  /** Where it was ever made. */
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
