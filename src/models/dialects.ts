import type { Dialect } from '../core/model/dialect.ts';
import * as postgres from './postgres/rules.ts';
import * as sqlite from './sqlite/rules.ts';

/** What Sequelize does differently for the databases. */
interface ModelRules {
  /** Options of an instance that never connects. */
  options: object;
  /** The table of a model with a schema. */
  qualified(schema: string, table: string, delimiter: string | undefined): { schema: string; name: string };
  /** Enum types, comments, deferrable keys, and methods and operator classes of indexes reach the database. */
  enums: boolean;
  comments: boolean;
  deferrableKeys: boolean;
  indexMethods: boolean;
  /** An automatic key is AUTOINCREMENT of its table. */
  autoincrementTables: boolean;
}

export const MODEL_RULES: Record<Dialect, ModelRules> = { postgres, sqlite };
