import { DEFAULT_SCHEMA } from '../../core/model/dialect.ts';

export const options = { storage: ':memory:' };
export const enums = false;
export const comments = false;
export const deferrableKeys = false;
export const indexMethods = false;
export const autoincrementTables = true;

/** SQLite has no schemas; Sequelize puts the schema into the name, with a dot. */
export function qualified(schema: string, table: string, delimiter: string | undefined) {
  return { schema: DEFAULT_SCHEMA.sqlite, name: `${schema}${delimiter || '.'}${table}` };
}
