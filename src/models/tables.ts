import type { Model, ModelStatic } from 'sequelize';
import { DEFAULT_SCHEMA, type Dialect } from '../core/model/dialect.ts';
import { MODEL_RULES } from './dialects.ts';

/** A model's table. */
export function tableOf(model: ModelStatic<Model>, dialect: Dialect): { schema: string; name: string } {
  return placeOf(model.getTableName(), dialect);
}

export function placeOf(
  table: string | { tableName: string; schema?: string; delimiter?: string },
  dialect: Dialect,
): { schema: string; name: string } {
  const base = DEFAULT_SCHEMA[dialect];
  if (typeof table === 'string') return { schema: base, name: table };
  const { tableName, schema, delimiter } = table;
  if (!schema) return { schema: base, name: tableName };
  return MODEL_RULES[dialect].qualified(schema, tableName, delimiter);
}

/** A name as PostgreSQL prints it inside a type. */
export function quoteIfNeeded(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
