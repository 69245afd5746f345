import { DataTypes, type Model, type ModelAttributeColumnOptions, type ModelStatic } from 'sequelize';
import type { Dialect } from '../core/model/dialect.ts';
import type { Column, EnumType } from '../core/model/snapshot.ts';
import { quoteIfNeeded, tableOf } from './tables.ts';

type Attribute = ModelAttributeColumnOptions & { field: string };

/**
 * The attributes that are columns, one for each column. Where two attributes have the same field (`authorId` with field
 * `author_id`, and the foreign key `author_id` of an association), the column has the place of the first one and the
 * definition of the last one, as in Sequelize's own `sync`.
 */
export function attributesOf(model: ModelStatic<Model>): Attribute[] {
  return [...new Map(allAttributesOf(model).map((attribute) => [attribute.field, attribute])).values()];
}

/** Every attribute that has a column, also those that share it. VIRTUAL ones have none. */
export function allAttributesOf(model: ModelStatic<Model>): Attribute[] {
  return Object.entries(model.getAttributes())
    .filter(([, { type }]) => !(type instanceof DataTypes.VIRTUAL))
    .map(([name, attribute]) => ({ ...attribute, field: attribute.field ?? name }) as Attribute);
}

export function columnsOf(model: ModelStatic<Model>, dialect: Dialect): Column[] {
  const attributes = attributesOf(model);
  const keys = attributes.filter(({ primaryKey }) => primaryKey).length;
  return attributes.map((attribute) => COLUMN[dialect](model, attribute, keys));
}

type ToColumn = (model: ModelStatic<Model>, attribute: Attribute, keys: number) => Column;

const COLUMN: Record<Dialect, ToColumn> = {
  postgres(model, attribute) {
    const { field: name, autoIncrement, autoIncrementIdentity, comment, primaryKey } = attribute;
    const automatic = autoIncrement === true;
    return {
      name,
      type: enumOf(attribute) === undefined ? plainType(attribute) : enumType(model, attribute),
      nullable: !(refusesNull(attribute) || primaryKey || automatic),
      ...defaultOf(model, attribute),
      ...(automatic && !autoIncrementIdentity ? { serial: true } : {}),
      ...(automatic && autoIncrementIdentity ? { identity: { generation: 'BY DEFAULT' as const } } : {}),
      ...(comment ? { comment } : {}),
    };
  },

  /**
   * Sequelize writes a single primary key of any INT type as `INTEGER PRIMARY KEY`, without NOT NULL; in a composite
   * key every column is NOT NULL. Types may carry a COLLATE (CITEXT).
   */
  sqlite(model, attribute, keys) {
    const { field: name, primaryKey } = attribute;
    const [type = '', collation] = plainType(attribute).split(' COLLATE ');
    const rowid = primaryKey === true && type.includes('INT');
    const only = rowid && keys === 1;
    return {
      name,
      type: only ? 'INTEGER' : type,
      nullable: only || !(refusesNull(attribute) || (primaryKey === true && keys > 1)),
      ...(only ? {} : defaultOf(model, attribute)),
      ...(collation === undefined ? {} : { collation }),
    };
  },
};

/** What Sequelize takes for NOT NULL: `allowNull` given, and false. */
function refusesNull({ allowNull }: Attribute): boolean {
  return allowNull !== undefined && !allowNull;
}

/** The dialect's own spelling; a type may also be given as text. */
function plainType({ type }: Attribute): string {
  return String(typeof type === 'string' ? type : type.toString({})).replace(/ (SERIAL|UNSIGNED|ZEROFILL)\b/g, '');
}

/** The values of an ENUM or of an array of it. */
function enumOf({ type, values }: Attribute): readonly string[] | undefined {
  const inner = type instanceof DataTypes.ARRAY ? (type as unknown as { type: unknown }).type : type;
  if (!(inner instanceof DataTypes.ENUM)) return undefined;
  return values ?? (inner as unknown as { values: string[] }).values;
}

/** Sequelize names an enum type after table and column; format_type() quotes what needs quotes. */
function enumType(model: ModelStatic<Model>, { field, type }: Attribute): string {
  const { schema, name } = tableOf(model, 'postgres');
  const plain = quoteIfNeeded(`enum_${name}_${field}`);
  const array = type instanceof DataTypes.ARRAY ? '[]' : '';
  return schema === 'public' ? `${plain}${array}` : `${quoteIfNeeded(schema)}.${plain}${array}`;
}

export function enumsOf(model: ModelStatic<Model>): EnumType[] {
  const { schema, name } = tableOf(model, 'postgres');
  return attributesOf(model).flatMap((attribute) => {
    const values = enumOf(attribute);
    return values === undefined ? [] : [{ schema, name: `enum_${name}_${attribute.field}`, values: [...values] }];
  });
}

interface Escaper {
  escape(value: unknown, attribute: unknown): unknown;
}

/** Defaults that Sequelize makes in JavaScript (NOW, UUIDs, functions) are not in the database. */
function defaultOf(model: ModelStatic<Model>, attribute: Attribute): { default?: string } {
  const { defaultValue } = attribute;
  if (defaultValue === undefined || defaultValue === null || typeof defaultValue === 'function') return {};
  const made = [DataTypes.NOW, DataTypes.UUIDV1, DataTypes.UUIDV4].some(
    (type) => defaultValue instanceof (type as unknown as new () => object),
  );
  const generator = model.sequelize?.getQueryInterface().queryGenerator as Escaper | undefined;
  return made || generator === undefined ? {} : { default: String(generator.escape(defaultValue, attribute)) };
}
