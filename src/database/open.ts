import { byDialect } from '../core/model/target.ts';
import type { OpenDatabase } from './port.ts';

/** Opens a database of either dialect; only the code of the requested dialect is loaded. */
export const openDatabase: OpenDatabase = (target, options) =>
  byDialect(target, {
    postgres: async (server) => (await import('./postgres/index.ts')).openPostgres(server, options, openDatabase),
    sqlite: async (file) => (await import('./sqlite/index.ts')).openSqlite(file, options, openDatabase),
  });
