import type { Model, ModelStatic } from 'sequelize';
import type { Dialect } from '../core/model/dialect.ts';

/** A model's table. SQLite has no schemas; Sequelize puts the schema into the name there, with a dot. */
export function tableOf(model: ModelStatic<Model>, dialect: Dialect): { schema: string; name: string } {
  return placeOf(model.getTableName(), dialect);
}

export function placeOf(
  table: string | { tableName: string; schema?: string; delimiter?: string },
  dialect: Dialect,
): { schema: string; name: string } {
  const base = dialect === 'postgres' ? 'public' : 'main';
  if (typeof table === 'string') return { schema: base, name: table };
  const { tableName, schema, delimiter } = table;
  if (!schema) return { schema: base, name: tableName };
  return dialect === 'postgres'
    ? { schema, name: tableName }
    : { schema: base, name: `${schema}${delimiter || '.'}${tableName}` };
}
