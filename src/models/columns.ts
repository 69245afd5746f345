import { DataTypes, type Model, type ModelAttributeColumnOptions, type ModelStatic } from 'sequelize';
import type { Dialect } from '../core/model/dialect.ts';
import type { Column, EnumType } from '../core/model/snapshot.ts';
import { tableOf } from './tables.ts';

type Attribute = ModelAttributeColumnOptions & { field: string };

/** The attributes that are columns, as Sequelize would create them in this dialect. VIRTUAL ones are none. */
export function attributesOf(model: ModelStatic<Model>): Attribute[] {
  return Object.entries(model.getAttributes())
    .filter(([, { type }]) => !(type instanceof DataTypes.VIRTUAL))
    .map(([name, attribute]) => ({ ...attribute, field: attribute.field ?? name }) as Attribute);
}

export function columnsOf(model: ModelStatic<Model>, dialect: Dialect): Column[] {
  return attributesOf(model).map((attribute): Column => {
    const serial = attribute.autoIncrement === true && dialect === 'postgres' && !attribute.autoIncrementIdentity;
    const value = defaultOf(model, attribute);
    return {
      name: attribute.field,
      type: typeOf(model, attribute, dialect),
      nullable: isNullable(attribute, dialect),
      ...(value === undefined ? {} : { default: value }),
      ...(serial ? { serial: true } : {}),
      ...(attribute.autoIncrementIdentity && dialect === 'postgres'
        ? { identity: { generation: 'BY DEFAULT' as const } }
        : {}),
      ...(attribute.comment === undefined || dialect === 'sqlite' ? {} : { comment: attribute.comment }),
    };
  });
}

/** A primary key is NOT NULL in PostgreSQL whatever is said; SQLite allows NULL in it unless NOT NULL is written. */
function isNullable({ allowNull, primaryKey }: Attribute, dialect: Dialect): boolean {
  if (primaryKey && dialect === 'postgres') return false;
  return allowNull !== false;
}

function typeOf(model: ModelStatic<Model>, attribute: Attribute, dialect: Dialect): string {
  const type = attribute.type as unknown as { toSql(): string; type?: { toSql(): string }; key?: string };
  if (dialect === 'postgres' && attribute.type instanceof DataTypes.ENUM) return enumName(model, attribute.field);
  if (dialect === 'postgres' && attribute.type instanceof DataTypes.ARRAY && type.type instanceof DataTypes.ENUM) {
    return `${enumName(model, attribute.field)}[]`;
  }
  return type.toSql().replace(/ (SERIAL|UNSIGNED|ZEROFILL)\b/g, '');
}

/** Sequelize names an enum type after table and column; format_type() quotes what needs quotes. */
function enumName(model: ModelStatic<Model>, field: string): string {
  const { schema, name } = tableOf(model, 'postgres');
  const plain = `enum_${name}_${field}`;
  const quoted = /^[a-z_][a-z0-9_]*$/.test(plain) ? plain : `"${plain}"`;
  return schema === 'public' ? quoted : `${schema}.${quoted}`;
}

export function enumsOf(model: ModelStatic<Model>): EnumType[] {
  const { schema, name } = tableOf(model, 'postgres');
  return attributesOf(model).flatMap(({ type, field }) => {
    const inner = type instanceof DataTypes.ARRAY ? (type as unknown as { type: unknown }).type : type;
    if (!(inner instanceof DataTypes.ENUM)) return [];
    return [{ schema, name: `enum_${name}_${field}`, values: [...(inner as unknown as { values: string[] }).values] }];
  });
}

/** Defaults that Sequelize makes in JavaScript (NOW, UUIDs, functions) are not in the database. */
function defaultOf(model: ModelStatic<Model>, attribute: Attribute): string | undefined {
  const { defaultValue } = attribute;
  if (defaultValue === undefined || defaultValue === null || typeof defaultValue === 'function') return undefined;
  const made = [DataTypes.NOW, DataTypes.UUIDV1, DataTypes.UUIDV4].some(
    (type) => defaultValue instanceof (type as unknown as new () => object),
  );
  if (made) return undefined;
  const generator = model.sequelize?.getQueryInterface().queryGenerator as
    | { escape(value: unknown, attribute: unknown): unknown }
    | undefined;
  return generator === undefined ? undefined : String(generator.escape(defaultValue, attribute));
}
