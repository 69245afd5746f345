import type { Column, Table } from '../model/snapshot.ts';
import type { Difference } from './difference.ts';
import type { Spelling } from './normalizer.ts';

/** The properties of a column as comparable texts; undefined and absent are the same. */
type ColumnFacts = Record<ColumnProperty, string | undefined>;
export type ColumnProperty =
  | 'type'
  | 'nullable'
  | 'default'
  | 'automatic value'
  | 'generated'
  | 'collation'
  | 'comment';

export function columnFacts(normalizer: Spelling, column: Column): ColumnFacts {
  const { serial, identity, generated } = column;
  const automatic = serial === true || identity !== undefined;
  return {
    type: normalizer.type(column.type),
    nullable: column.nullable ? 'yes' : 'no',
    default: automatic ? undefined : normalizer.default(column.default, column.type),
    'automatic value': automaticOf(column),
    generated:
      generated && `${normalizer.expression(generated.expression)}${generated.stored ? ' stored' : ' virtual'}`,
    collation: column.collation?.toLowerCase(),
    comment: column.comment,
  };
}

function automaticOf({ serial, identity }: Column): string | undefined {
  if (serial) return 'serial';
  if (identity === undefined) return undefined;
  return `identity ${identity.generation}${identity.options === undefined ? '' : ` (${identity.options})`}`;
}

/** The properties that differ, in the order of their report. */
export function changedProperties(normalizer: Spelling, expected: Column, found: Column): ColumnProperty[] {
  const wanted = columnFacts(normalizer, expected);
  const other = columnFacts(normalizer, found);
  return (Object.keys(wanted) as ColumnProperty[]).filter((property) => wanted[property] !== other[property]);
}

export function compareColumns(normalizer: Spelling, expected: Table, found: Table, table: string): Difference[] {
  const others = new Map(found.columns.map((column) => [column.name, column]));
  const differences = expected.columns.flatMap((column): Difference[] => {
    const other = others.get(column.name);
    others.delete(column.name);
    if (other !== undefined) return compareColumn(normalizer, column, other, table);
    const { name, type } = column;
    return [{ kind: 'missing', object: 'column', table, name, expected: normalizer.type(type) }];
  });
  const extra = [...others.values()].map(
    ({ name, type }): Difference => ({ kind: 'extra', object: 'column', table, name, found: normalizer.type(type) }),
  );
  return [...differences, ...extra];
}

function compareColumn(normalizer: Spelling, expected: Column, found: Column, table: string): Difference[] {
  const wanted = columnFacts(normalizer, expected);
  const other = columnFacts(normalizer, found);
  return changedProperties(normalizer, expected, found).map((property) => ({
    kind: 'changed',
    object: 'column',
    table,
    name: expected.name,
    property,
    expected: wanted[property],
    found: other[property],
  }));
}
