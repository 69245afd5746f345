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
  const base = BASE[dialect];
  if (typeof table === 'string') return { schema: base, name: table };
  const { tableName, schema, delimiter } = table;
  if (!schema) return { schema: base, name: tableName };
  return dialect === 'postgres'
    ? { schema, name: tableName }
    : { schema: base, name: `${schema}${delimiter || '.'}${tableName}` };
}

/** The schema of a table that names none. */
const BASE: Record<Dialect, string> = { postgres: 'public', sqlite: 'main' };

/** A name as PostgreSQL prints it inside a type. */
export function quoteIfNeeded(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
