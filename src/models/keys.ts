import type { Model, ModelStatic } from 'sequelize';
import type { Dialect } from '../core/model/dialect.ts';
import type {
  Deferrable,
  ForeignKey,
  KeyConstraint,
  ReferentialAction,
  UniqueConstraint,
} from '../core/model/snapshot.ts';
import { allAttributesOf, attributesOf } from './columns.ts';
import { MODEL_RULES } from './dialects.ts';
import { placeOf } from './tables.ts';

export function primaryKeyOf(model: ModelStatic<Model>): { primaryKey?: KeyConstraint } {
  const columns = attributesOf(model)
    .filter(({ primaryKey }) => primaryKey)
    .map(({ field }) => field);
  return columns.length === 0 ? {} : { primaryKey: { columns } };
}

/**
 * `unique: true`, and the same name on several attributes for a composite one. `unique` belongs to the column, so of two
 * attributes on one field the last one decides; names are collected from all attributes. What is unique as the primary
 * key needs no constraint, and the databases make none.
 */
export function uniquesOf(model: ModelStatic<Model>): UniqueConstraint[] {
  const plain = attributesOf(model).flatMap(({ unique, field }) => (unique === true ? [{ columns: [field] }] : []));
  const groups = new Map<string, { name?: string; columns: string[] }>();
  for (const { unique, field } of allAttributesOf(model)) {
    if (!unique || unique === true) continue;
    // Often written with a message alone.
    const name: string | undefined = typeof unique === 'object' ? unique.name : unique;
    const key = name ?? `\0${field}`;
    const { columns } = groups.get(key) ?? { columns: [] };
    groups.set(key, { ...(name === undefined ? {} : { name }), columns: [...new Set([...columns, field])] });
  }
  const named = [...groups.values()];
  const key = primaryKeyOf(model).primaryKey?.columns.join('\0');
  return [...plain, ...named]
    .filter(({ columns }) => columns.join('\0') !== key)
    .map((group) => ({ ...group, nullsNotDistinct: false }));
}

export function foreignKeysOf(model: ModelStatic<Model>, dialect: Dialect): ForeignKey[] {
  return attributesOf(model).flatMap(({ references, field, onDelete, onUpdate }): ForeignKey[] => {
    if (references === undefined || typeof references === 'string') return [];
    const target = references.model as unknown as string | { tableName: string; schema?: string } | ModelStatic<Model>;
    const table = typeof target === 'function' ? target.getTableName() : target;
    const { schema, name } = placeOf(table, dialect);
    return [
      {
        columns: [field],
        references: { schema, table: name, columns: [references.key ?? 'id'] },
        onDelete: actionOf(onDelete),
        onUpdate: actionOf(onUpdate),
        ...(MODEL_RULES[dialect].deferrableKeys ? deferrableOf(references) : {}),
        validated: true,
      },
    ];
  });
}

/** Sequelize's Deferrable, a class or an instance of it. SQLite's tables never get it. */
function deferrableOf(references: object): { deferrable?: Deferrable } {
  const { deferrable } = references as { deferrable?: { toString(): string } };
  const text = deferrable === undefined ? '' : String(deferrable).replaceAll('_', ' ').toUpperCase();
  if (text === '' || text.startsWith('NOT')) return {};
  return { deferrable: text.includes('DEFERRED') ? 'INITIALLY DEFERRED' : 'INITIALLY IMMEDIATE' };
}

const ACTIONS: readonly ReferentialAction[] = ['NO ACTION', 'RESTRICT', 'CASCADE', 'SET NULL', 'SET DEFAULT'];

function actionOf(text: string | undefined): ReferentialAction {
  return ACTIONS.find((action) => action === text?.toUpperCase()) ?? 'NO ACTION';
}
