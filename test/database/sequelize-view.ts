import type { Table } from '../../src/core/model/snapshot.ts';
import { canonicalType } from '../../src/core/schema/types.ts';
import type { TestDialect } from '../support/databases.ts';
import type { Ground } from './snapshot-fixtures.ts';

interface Described {
  type: string;
  allowNull: boolean;
  primaryKey: boolean;
}

interface ShownIndex {
  name: string;
  unique: boolean;
  fields: { attribute: string }[];
}

interface ShownKey {
  columnName: string;
  referencedTableName: string;
  referencedColumnName: string | null;
}

/** What was compared, what differs, and where Sequelize 6 is wrong, by the reason. */
export interface Comparison {
  types: number;
  indexes: number;
  keys: number;
  differences: string[];
  wrong: Map<string, string[]>;
}

/** Types that Sequelize 6 reports differently, and why ours is right. */
const WRONG_TYPES: Record<TestDialect, [RegExp, string][]> = {
  postgres: [
    [/^NUMERIC$/, 'describeTable loses precision and scale of NUMERIC'],
    [/^ARRAY$/, 'describeTable loses the type of an array’s elements'],
    [/^USER-DEFINED$/, 'describeTable loses the name of a type'],
    [/^"char"|^CHARACTER VARYING$|^TIME|^BIT|^CHARACTER$|^INTERVAL/, 'describeTable loses the length or precision'],
    [/^ENUM$|^mood$/, 'describeTable finds enums by name across schemas'],
  ],
  sqlite: [],
};

/** Our snapshot and the results of Sequelize's describeTable, showIndex and foreign key query. */
export async function compareWithSequelize(ground: Ground, dialect: TestDialect): Promise<Comparison> {
  const result: Comparison = { types: 0, indexes: 0, keys: 0, differences: [], wrong: new Map() };
  for (const table of (await ground.snapshot()).tables) {
    const name = dialect === 'postgres' ? { tableName: table.name, schema: table.schema } : table.name;
    await compareColumns(ground, dialect, table, name, result);
    await compareIndexes(ground, table, name as string, result);
    await compareKeys(ground, table, name as string, result);
  }
  return result;
}

type Name = string | { tableName: string; schema: string };

function excuse({ wrong }: Comparison, why: string, place: string): void {
  wrong.set(why, [...(wrong.get(why) ?? []), place]);
}

const hasExpression = ({ indexes }: Table) => indexes.some(({ parts }) => parts.some((part) => 'expression' in part));

/** A unique constraint or index over a column that is generated. */
function indexesGenerated({ columns, uniques, indexes }: Table): boolean {
  const generated = new Set(columns.filter((column) => column.generated !== undefined).map(({ name }) => name));
  const covered = [
    ...uniques.flatMap((unique) => unique.columns),
    ...indexes.flatMap(({ parts }) => parts.flatMap((part) => ('column' in part ? [part.column] : []))),
  ];
  return covered.some((name) => generated.has(name));
}

async function compareColumns(ground: Ground, dialect: TestDialect, table: Table, name: Name, into: Comparison) {
  if (table.columns.length === 0) return excuse(into, 'describeTable refuses a table without columns', table.name);
  if (dialect === 'sqlite' && hasExpression(table)) {
    return excuse(into, 'describeTable throws at an index over an expression', table.name);
  }
  if (dialect === 'sqlite' && indexesGenerated(table)) {
    return excuse(into, 'describeTable throws at a unique generated column', table.name);
  }
  const described = (await ground.sequelize.getQueryInterface().describeTable(name as string)) as unknown as Record<
    string,
    Described
  >;
  for (const column of table.columns) {
    const place = `${table.name}.${column.name}`;
    const other = described[column.name];
    if (other === undefined) {
      if (dialect === 'sqlite' && column.generated !== undefined) {
        excuse(into, 'describeTable leaves generated columns out', place);
      } else into.differences.push(`${place} is not in describeTable`);
      continue;
    }
    if (column.nullable !== other.allowNull) into.differences.push(`${place}: NULL ${column.nullable}`);
    const key = table.primaryKey?.columns.includes(column.name) ?? false;
    if (key !== other.primaryKey) {
      if (table.partition?.of !== undefined) excuse(into, 'describeTable tells the key of a partition’s parent', place);
      else into.differences.push(`${place}: key ${key}`);
    }
    const wrong = WRONG_TYPES[dialect].find(([pattern]) => pattern.test(other.type));
    if (wrong !== undefined) excuse(into, wrong[1], place);
    else if (canonicalType(dialect, column.type) === canonicalType(dialect, other.type)) into.types += 1;
    else into.differences.push(`${place}: ${column.type}, Sequelize says ${other.type}`);
  }
}

async function compareIndexes(ground: Ground, table: Table, name: string, into: Comparison) {
  if (table.partition !== undefined) {
    return excuse(into, 'showIndex asks for plain tables: partitioned ones have no indexes there', table.name);
  }
  if ([...table.uniques, ...table.indexes].some(({ include = [] }) => include.length > 0)) {
    return excuse(into, 'showIndex throws at INCLUDE', table.name);
  }
  if (hasExpression(table)) return excuse(into, 'showIndex throws at an index over an expression', table.name);
  const shown = (await ground.sequelize.getQueryInterface().showIndex(name)) as ShownIndex[];
  for (const index of table.indexes) {
    const other = shown.find((one) => one.name === index.name);
    const columns = index.parts.flatMap((part) => ('column' in part ? [part.column] : [])).join();
    if (other === undefined) into.differences.push(`${index.name} is not in showIndex`);
    else if (index.unique !== other.unique) into.differences.push(`${index.name}: unique ${index.unique}`);
    else if (columns !== other.fields.map(({ attribute }) => attribute).join())
      into.differences.push(`${index.name}: (${columns}), Sequelize says ${JSON.stringify(other.fields)}`);
    else into.indexes += 1;
  }
}

async function compareKeys(ground: Ground, table: Table, name: string, into: Comparison) {
  const shown = (await ground.sequelize
    .getQueryInterface()
    .getForeignKeyReferencesForTable(name)) as unknown as ShownKey[];
  for (const { columns, references } of table.foreignKeys) {
    for (const [at, column] of columns.entries()) {
      // For a composite key it multiplies rows, and one of them is right; SQLite keeps no column where none is written.
      const match = shown.some(
        (other) =>
          other.columnName === column &&
          other.referencedTableName === references.table &&
          [references.columns[at], null, undefined].includes(other.referencedColumnName),
      );
      if (match) into.keys += 1;
      else into.differences.push(`${table.name}.${column} to ${references.table}: ${JSON.stringify(shown)}`);
    }
  }
}
