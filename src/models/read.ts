/**
 * Sequelize models -> Snapshot: what the application believes its schema to be. Imports core and sequelize; opens no
 * connection. `load.ts` finds the models, `columns.ts`, `keys.ts` and `indexes.ts` turn them into data.
 */
import type { Model, ModelStatic } from 'sequelize';
import type { Dialect } from '../core/model/dialect.ts';
import type { EnumType, Snapshot, Table } from '../core/model/snapshot.ts';
import { collectGarbage } from '../garbage.ts';
import { columnsOf, enumsOf } from './columns.ts';
import { MODEL_RULES } from './dialects.ts';
import { indexesOf } from './indexes.ts';
import { foreignKeysOf, primaryKeyOf, uniquesOf } from './keys.ts';
import { loadModels } from './load.ts';
import { tableOf } from './tables.ts';

/** Kinds of objects, and properties of columns, that Sequelize models have no words for. */
const SILENT_ON = ['check', 'exclusion', 'trigger', 'view', 'sequence', 'option', 'generated', 'collation'] as const;

const MANY = 1_000;

/**
 * The schema that the models describe. `path` is a file or a folder: an index file with `defineModels(sequelize)`, or
 * sequelize-cli's convention of one function `(sequelize, DataTypes)` a file, with `associate`.
 * Throws ProblemError InvalidConfiguration where there are none or a file cannot be loaded.
 */
export async function readModels(path: string, dialect: Dialect): Promise<Snapshot> {
  const snapshot = await readOnce(path, dialect);
  // Sequelize's objects take 13 KiB for each table, and nothing needs them any more.
  if (snapshot.tables.length >= MANY) collectGarbage();
  return snapshot;
}

/** A function of its own, because its variables hold all models until it has returned. */
async function readOnce(path: string, dialect: Dialect): Promise<Snapshot> {
  return snapshotOf(await loadModels(path, dialect), dialect);
}

/** The same of models that are defined already. */
export function snapshotOf(models: readonly ModelStatic<Model>[], dialect: Dialect): Snapshot {
  const tables = models.map((model) => toTable(model, dialect)).sort(byName);
  const enums = MODEL_RULES[dialect].enums ? models.flatMap(enumsOf).sort(byName) : [];
  return { dialect, tables, enums: distinct(enums), sequences: [], views: [], unsupportedKinds: SILENT_ON };
}

function toTable(model: ModelStatic<Model>, dialect: Dialect): Table {
  const { schema, name } = tableOf(model, dialect);
  const rules = MODEL_RULES[dialect];
  return {
    schema,
    name,
    columns: columnsOf(model, dialect),
    ...primaryKeyOf(model),
    uniques: uniquesOf(model),
    foreignKeys: foreignKeysOf(model, dialect),
    checks: [],
    exclusions: [],
    indexes: indexesOf(model, dialect),
    triggers: [],
    ...(rules.comments && model.options.comment ? { comment: model.options.comment } : {}),
    options: {
      withoutRowid: false,
      strict: false,
      autoincrement: rules.autoincrementTables && hasAutoIncrement(model),
    },
  };
}

function hasAutoIncrement(model: ModelStatic<Model>): boolean {
  return Object.values(model.getAttributes()).some(
    ({ autoIncrement, primaryKey }) => autoIncrement === true && primaryKey,
  );
}

function distinct(enums: EnumType[]): EnumType[] {
  return [...new Map(enums.map((type) => [`${type.schema}.${type.name}`, type])).values()];
}

function byName(a: { schema: string; name: string }, b: { schema: string; name: string }): number {
  const left = `${a.schema}.${a.name}`;
  const right = `${b.schema}.${b.name}`;
  return left < right ? -1 : left > right ? 1 : 0;
}
