import type { Model, ModelStatic } from 'sequelize';
import type { Dialect } from '../core/model/dialect.ts';
import type { Index, IndexPart } from '../core/model/snapshot.ts';
import { MODEL_RULES } from './dialects.ts';

/** An index as Sequelize keeps it once the model is defined: named, and with columns in place of attributes. */
interface ModelIndex {
  name: string;
  unique?: boolean;
  type?: string;
  using?: string;
  operator?: string;
  where?: unknown;
  fields: (string | ModelIndexField | object)[];
}

interface ModelIndexField {
  name?: string;
  attribute?: string;
  order?: string;
  collate?: string;
  operator?: string;
}

interface Generator {
  getWhereConditions(where: unknown): string;
  handleSequelizeMethod(method: unknown): string;
}

/** The indexes that `sync` would create. Methods and operator classes are PostgreSQL's; elsewhere they are not used. */
export function indexesOf(model: ModelStatic<Model>, dialect: Dialect): Index[] {
  const generator = model.sequelize?.getQueryInterface().queryGenerator as unknown as Generator;
  const { _indexes: indexes } = model as unknown as { _indexes: readonly ModelIndex[] };
  const methods = MODEL_RULES[dialect].indexMethods;
  const columnOf = columnNames(model);
  return indexes
    .map(
      (index): Index => ({
        name: index.name,
        unique: index.unique === true || index.type?.toUpperCase() === 'UNIQUE',
        method: methods && index.using !== undefined ? index.using.toLowerCase() : 'btree',
        parts: index.fields.map((field) => ({
          ...partOf(field, generator, columnOf),
          ...(methods ? opclassOf(field, index) : {}),
        })),
        include: [],
        ...(index.where === undefined ? {} : { where: generator.getWhereConditions(index.where) }),
        nullsNotDistinct: false,
        valid: true,
      }),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** An index may name an attribute where its column has another name; Sequelize's `sync` cannot, migrations can. */
function columnNames(model: ModelStatic<Model>): (name: string) => string {
  const fields = new Map(Object.entries(model.getAttributes()).map(([name, { field }]) => [name, field ?? name]));
  const columns = new Set(fields.values());
  return (name) => (columns.has(name) ? name : (fields.get(name) ?? name));
}

function opclassOf(field: ModelIndex['fields'][number], { operator }: ModelIndex): { opclass?: string } {
  const opclass = (typeof field === 'string' ? undefined : (field as ModelIndexField).operator) ?? operator;
  return opclass === undefined ? {} : { opclass };
}

function partOf(
  field: ModelIndex['fields'][number],
  generator: Generator,
  columnOf: (name: string) => string,
): IndexPart {
  const plain: ModelIndexField = typeof field === 'string' ? { name: field } : field;
  const column = plain.attribute ?? plain.name;
  if (typeof column !== 'string') return { expression: generator.handleSequelizeMethod(field), order: 'ASC' };
  const words = plain.order?.toUpperCase() ?? '';
  const descending = words.startsWith('DESC');
  const nulls = /NULLS (FIRST|LAST)/.exec(words)?.[1] as 'FIRST' | 'LAST' | undefined;
  return {
    column: columnOf(column),
    order: descending ? 'DESC' : 'ASC',
    ...(nulls === undefined || (nulls === 'FIRST') === descending ? {} : { nulls }),
    ...(plain.collate === undefined ? {} : { collation: plain.collate }),
  };
}
