import type { IndexesOptions, Model, ModelStatic } from 'sequelize';
import type { Index, IndexPart } from '../core/model/snapshot.ts';
import { attributesOf } from './columns.ts';

type Field = NonNullable<IndexesOptions['fields']>[number];

/** The indexes of a model's options, with the columns that its fields stand for. */
export function indexesOf(model: ModelStatic<Model>): Index[] {
  const fields = new Map(Object.entries(model.getAttributes()).map(([name, { field }]) => [name, field ?? name]));
  const known = new Set(attributesOf(model).map(({ field }) => field));
  const columnOf = (name: string) => (known.has(name) ? name : (fields.get(name) ?? name));
  const { indexes = [] } = model.options as { indexes?: readonly IndexesOptions[] };
  const generator = generatorOf(model);
  return indexes
    .map(
      (index): Index => ({
        name: index.name ?? '',
        unique: index.unique === true || index.type?.toUpperCase() === 'UNIQUE',
        method: (index.using ?? 'btree').toLowerCase(),
        parts: (index.fields ?? []).map((field) => partOf(field, columnOf, generator, index.operator)),
        include: [],
        ...(index.where === undefined ? {} : { where: generator.getWhereConditions(index.where) }),
        nullsNotDistinct: false,
        valid: true,
      }),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

interface Generator {
  getWhereConditions(where: unknown): string;
  escape(value: unknown): string;
}

function generatorOf(model: ModelStatic<Model>): Generator {
  return model.sequelize?.getQueryInterface().queryGenerator as Generator;
}

function partOf(
  field: Field,
  columnOf: (name: string) => string,
  generator: Generator,
  operator: string | undefined,
): IndexPart {
  const opclass = operator === undefined ? {} : { opclass: operator };
  if (typeof field === 'string') return { column: columnOf(field), order: 'ASC', ...opclass };
  if ('name' in field) {
    const order = field.order?.toUpperCase() === 'DESC' ? 'DESC' : 'ASC';
    return {
      column: columnOf(field.name),
      order,
      ...(field.collate === undefined ? {} : { collation: field.collate }),
      ...opclass,
    };
  }
  return { expression: generator.escape(field), order: 'ASC', ...opclass };
}
