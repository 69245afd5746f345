/**
 * Schemas as data: comparison by meaning, types, defaults. Pure; imports the model.
 */
import type { Column, EnumType, Snapshot, Table } from '../model/snapshot.ts';
import { compareConstraints } from './constraints.ts';
import type { Difference } from './difference.ts';
import { canonicalDefault, canonicalExpression } from './expressions.ts';
import { compareIndexes } from './indexes.ts';
import { canonicalType } from './types.ts';

export { type Difference, describeDifference } from './difference.ts';

/**
 * What is missing, extra or different in `found`. Sets are compared as sets; names that the database made up do not
 * count; nor does what the expected side has no words for (`silentOn`).
 */
export function compareSnapshots(expected: Snapshot, found: Snapshot): Difference[] {
  const silent = new Set(expected.silentOn);
  const all = [
    ...compareAllTables(expected, found),
    ...compareEnums(expected.enums, found.enums),
    ...compareViews(expected, found),
    ...compareSequences(expected, found),
  ];
  return all.filter(({ kind, object }) => !silent.has(object) || (kind !== 'extra' && object !== 'option'));
}

function compareAllTables(expected: Snapshot, found: Snapshot): Difference[] {
  const tables = byKey(found.tables);
  const wanted = byKey(expected.tables);
  const differences: Difference[] = [];
  for (const [key, table] of wanted) {
    const other = tables.get(key);
    if (other === undefined) differences.push({ kind: 'missing', object: 'table', table: key });
    else differences.push(...compareTables(expected, table, other, key));
  }
  for (const key of tables.keys()) {
    if (!wanted.has(key)) differences.push({ kind: 'extra', object: 'table', table: key });
  }
  return differences;
}

function compareTables({ dialect }: Snapshot, expected: Table, found: Table, table: string): Difference[] {
  return [
    ...compareOptions(expected, found, table),
    ...compareColumns(dialect, expected, found, table),
    ...compareConstraints(dialect, expected, found, table),
    ...compareIndexes(dialect, expected, found, table),
    ...compareNamed('trigger', expected.triggers, found.triggers, table, (text) => canonicalExpression(dialect, text)),
  ];
}

/** SQLite's table options. */
function compareOptions({ options: expected }: Table, { options: found }: Table, table: string): Difference[] {
  const names = ['withoutRowid', 'strict', 'autoincrement'] as const;
  return names
    .filter((name) => expected[name] !== found[name])
    .map((name) => ({
      kind: 'changed',
      object: 'option',
      table,
      property: name,
      expected: expected[name] ? 'yes' : 'no',
      found: found[name] ? 'yes' : 'no',
    }));
}

function compareColumns(dialect: Snapshot['dialect'], expected: Table, found: Table, table: string): Difference[] {
  const others = new Map(found.columns.map((column) => [column.name, column]));
  const differences = expected.columns.flatMap((column): Difference[] => {
    const other = others.get(column.name);
    others.delete(column.name);
    if (other === undefined) {
      return [
        { kind: 'missing', object: 'column', table, name: column.name, expected: canonicalType(dialect, column.type) },
      ];
    }
    return compareColumn(dialect, column, other, table);
  });
  const extra = [...others.values()].map(
    ({ name, type }): Difference => ({
      kind: 'extra',
      object: 'column',
      table,
      name,
      found: canonicalType(dialect, type),
    }),
  );
  return [...differences, ...extra];
}

/** What a column is, as comparable texts; undefined and absent are the same. */
function facts(dialect: Snapshot['dialect'], column: Column): Record<string, string | undefined> {
  const automatic = column.serial === true || column.identity !== undefined;
  return {
    type: canonicalType(dialect, column.type),
    nullable: column.nullable ? 'yes' : 'no',
    default: automatic ? undefined : canonicalDefault(dialect, column.default),
    'automatic value': automatic ? 'yes' : undefined,
    generated:
      column.generated &&
      `${canonicalExpression(dialect, column.generated.expression)}${column.generated.stored ? ' stored' : ' virtual'}`,
    collation: column.collation?.toLowerCase(),
    comment: column.comment,
  };
}

function compareColumn(dialect: Snapshot['dialect'], expected: Column, found: Column, table: string): Difference[] {
  const wanted = facts(dialect, expected);
  const other = facts(dialect, found);
  return Object.keys(wanted)
    .filter((property) => wanted[property] !== other[property])
    .map((property) => ({
      kind: 'changed',
      object: 'column',
      table,
      name: expected.name,
      property,
      expected: wanted[property],
      found: other[property],
    }));
}

function compareEnums(expected: readonly EnumType[], found: readonly EnumType[]): Difference[] {
  const text = ({ values }: EnumType) => values.map((value) => `'${value}'`).join(', ');
  return compareTexts(
    'enum',
    new Map(expected.map((type) => [keyOf(type), text(type)])),
    new Map(found.map((type) => [keyOf(type), text(type)])),
    'values',
  );
}

function compareViews(expected: Snapshot, found: Snapshot): Difference[] {
  const texts = ({ views, dialect }: Snapshot) =>
    new Map(views.map((view) => [keyOf(view), canonicalExpression(dialect, view.definition)]));
  return compareTexts('view', texts(expected), texts(found), 'definition');
}

/** Sequences that a column owns come and go with it. */
function compareSequences(expected: Snapshot, found: Snapshot): Difference[] {
  const texts = ({ sequences }: Snapshot) =>
    new Map(
      sequences
        .filter(({ ownedBy }) => ownedBy === undefined)
        .map((one) => [keyOf(one), `${one.type} start ${one.start} increment ${one.increment}`]),
    );
  return compareTexts('sequence', texts(expected), texts(found), 'definition');
}

function compareTexts(
  object: Difference['object'],
  expected: Map<string, string>,
  found: Map<string, string>,
  property: string,
): Difference[] {
  const differences: Difference[] = [];
  for (const [table, text] of expected) {
    const other = found.get(table);
    if (other === undefined) differences.push({ kind: 'missing', object, table });
    else if (other !== text)
      differences.push({ kind: 'changed', object, table, property, expected: text, found: other });
  }
  for (const table of found.keys()) if (!expected.has(table)) differences.push({ kind: 'extra', object, table });
  return differences;
}

function compareNamed(
  object: Difference['object'],
  expected: readonly { name: string; definition: string }[],
  found: readonly { name: string; definition: string }[],
  table: string,
  plain: (text: string) => string,
): Difference[] {
  const texts = (list: typeof expected) => new Map(list.map(({ name, definition }) => [name, plain(definition)]));
  return compareTexts(object, texts(expected), texts(found), 'definition').map((difference) => ({
    ...difference,
    name: difference.table,
    table,
  }));
}

function byKey(tables: readonly Table[]): Map<string, Table> {
  return new Map(tables.map((table) => [keyOf(table), table]));
}

function keyOf({ schema, name }: { schema: string; name: string }): string {
  return `${schema}.${name}`;
}
