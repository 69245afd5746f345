import type { Column } from '../../core/model/snapshot.ts';
import type { Operation, OperationPlace } from '../../core/schema/operations.ts';
import { serialSequence } from '../../core/schema/serial-sequences.ts';
import { canonicalType } from '../../core/schema/types.ts';
import { literal, parenthesised, quote, words } from './statement.ts';

const SERIALS: Record<string, string> = { smallint: 'smallserial', integer: 'serial', bigint: 'bigserial' };
/** `public` is in the default search path; any other schema is written. */
export const tableName = ({ schema, name }: OperationPlace) =>
  schema === 'public' ? quote(name) : `${quote(schema)}.${quote(name)}`;

const typeOf = (column: Column) => canonicalType('postgres', column.type);

export function columnSql(column: Column): string {
  const { name, nullable, collation, serial, identity, generated } = column;
  const type = typeOf(column);
  return words(
    quote(name),
    serial ? (SERIALS[type] ?? type) : type,
    collation !== undefined && `COLLATE ${quote(collation)}`,
    !nullable && 'NOT NULL',
    !serial && column.default !== undefined && `DEFAULT ${column.default}`,
    identity && identitySql(identity),
    generated &&
      `GENERATED ALWAYS AS ${parenthesised(generated.expression)} ${generated.stored ? 'STORED' : 'VIRTUAL'}`,
  );
}

function identitySql({ generation, options }: NonNullable<Column['identity']>): string {
  return words(`GENERATED ${generation} AS IDENTITY`, options && `(${options})`);
}

/** The properties in an order in which they do not conflict: the default before the type. */
export function alterColumnSql({
  table,
  from,
  to,
  properties,
  reuseSequence,
}: Operation & { kind: 'alterColumn' }): string[] {
  const changes = new Set(properties);
  const name = tableName(table);
  const alter = (what: string) => `ALTER TABLE ${name} ALTER COLUMN ${quote(to.name)} ${what}`;
  const retyped = changes.has('type') || changes.has('collation');
  const automatic = changes.has('automatic value');
  const defaulted = from.default !== undefined && !from.serial;
  const redefault = changes.has('default') || (retyped && defaulted);
  return [
    ...(automatic ? stopsBeingAutomatic(from, alter) : []),
    ...((redefault || automatic) && defaulted ? [alter('DROP DEFAULT')] : []),
    ...(retyped ? [alter(typeSql(from, to))] : []),
    ...(changes.has('type') ? sequenceTypeSql(from, to) : []),
    ...(changes.has('nullable') ? [alter(to.nullable ? 'DROP NOT NULL' : 'SET NOT NULL')] : []),
    ...(redefault && to.default !== undefined && !to.serial ? [alter(`SET DEFAULT ${to.default}`)] : []),
    ...(automatic ? becomesAutomatic(table, to, alter, reuseSequence) : []),
    ...(changes.has('comment')
      ? [`COMMENT ON COLUMN ${name}.${quote(to.name)} IS ${to.comment === undefined ? 'NULL' : literal(to.comment)}`]
      : []),
  ];
}

function typeSql(from: Column, to: Column): string {
  const type = typeOf(to);
  const base = type.replace(/\(.*?\)/g, '');
  const same = base === typeOf(from).replace(/\(.*?\)/g, '');
  const through = intermediate(base, typeOf(from));
  const value = `${quote(to.name)}::${through === undefined ? '' : `${through}::`}${type}`;
  return words(
    `TYPE ${type}`,
    to.collation !== undefined && `COLLATE ${quote(to.collation)}`,
    !same && `USING ${value}`,
  );
}

const NUMBER = /^(?:smallint|bigint|numeric|real|double precision)\b/;

/** Text has a cast to everything that can be written, an enum only to text; a boolean is a number by way of integer. */
function intermediate(to: string, from: string): string | undefined {
  if (/^(?:"|[a-z_]+\.|.*enum_)/.test(to)) return 'text';
  const [one, other] = to === 'boolean' ? [to, from] : [from, to];
  return one === 'boolean' && NUMBER.test(other) ? 'integer' : undefined;
}

/** A serial's sequence keeps its type, and with it its end, when the column has a wider one; an identity's does not. */
function sequenceTypeSql(from: Column, to: Column): string[] {
  const sequence = sequenceOf(from);
  return from.serial && to.serial && sequence !== undefined ? [`ALTER SEQUENCE ${sequence} AS ${typeOf(to)}`] : [];
}

function sequenceOf(column: Column): string | undefined {
  return /^nextval\('(.+)'::regclass\)$/.exec(column.default ?? '')?.[1];
}

function stopsBeingAutomatic(from: Column, alter: (what: string) => string): string[] {
  if (from.identity !== undefined) return [alter('DROP IDENTITY')];
  const sequence = sequenceOf(from);
  return from.serial && sequence !== undefined ? [alter('DROP DEFAULT'), `DROP SEQUENCE ${sequence}`] : [];
}

/** Numbers go on after the highest one that rows have. */
function becomesAutomatic(table: OperationPlace, to: Column, alter: (what: string) => string, reuse = false): string[] {
  const column = quote(to.name);
  const highest = (sequence: string) =>
    `SELECT setval(${sequence}, max(${column})) FROM ${tableName(table)} HAVING max(${column}) IS NOT NULL`;
  if (to.identity !== undefined) {
    return [
      alter(`ADD ${identitySql(to.identity)}`),
      highest(`pg_get_serial_sequence(${literal(tableName(table))}, ${literal(to.name)})`),
    ];
  }
  if (!to.serial) return [];
  const sequence = tableName(serialSequence(table, to.name));
  const highestOfBoth = `SELECT setval(${literal(sequence)}::regclass, greatest(max(${column}), (SELECT last_value FROM ${sequence}))) FROM ${tableName(table)} HAVING max(${column}) IS NOT NULL`;
  return [
    `${reuse ? 'ALTER' : 'CREATE'} SEQUENCE ${sequence} AS ${typeOf(to)} OWNED BY ${tableName(table)}.${column}`,
    reuse ? highestOfBoth : highest(`${literal(sequence)}::regclass`),
    alter(`SET DEFAULT nextval(${literal(sequence)})`),
  ];
}

/** A new type takes the old one's place in every column. */
export function replaceEnumSql({ to, users }: Operation & { kind: 'replaceEnum' }): string[] {
  const type = tableName(to);
  const old = `${to.name}__old`;
  return [
    `ALTER TYPE ${type} RENAME TO ${quote(old)}`,
    `CREATE TYPE ${type} AS ENUM (${to.values.map(literal).join(', ')})`,
    ...users.flatMap(({ table, column }) => {
      const name = quote(column.name);
      const array = column.type.endsWith('[]') ? '[]' : '';
      const alter = (what: string) => `ALTER TABLE ${tableName(table)} ALTER COLUMN ${name} ${what}`;
      return [
        ...(column.default === undefined ? [] : [alter('DROP DEFAULT')]),
        alter(`TYPE ${type}${array} USING ${name}::text${array}::${type}${array}`),
        ...(column.default === undefined ? [] : [alter(`SET DEFAULT ${column.default}`)]),
      ];
    }),
    `DROP TYPE ${tableName({ schema: to.schema, name: old })}`,
  ];
}
