import type { OpenDatabase } from './port.ts';

/** Opens a database of either dialect; only the code of the requested dialect is loaded. */
export const openDatabase: OpenDatabase = async (target, options) => {
  switch (target.dialect) {
    case 'postgres':
      return (await import('./postgres/index.ts')).openPostgres(target, options, openDatabase);
    case 'sqlite':
      return (await import('./sqlite/index.ts')).openSqlite(target, options, openDatabase);
  }
};
