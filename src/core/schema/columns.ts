import type { Column, Table } from '../model/snapshot.ts';
import type { Difference } from './difference.ts';
import type { Spelling } from './spelling.ts';

/** What a column is, as comparable texts; undefined and absent are the same. */
export type ColumnFacts = Record<ColumnProperty, string | undefined>;
export type ColumnProperty =
  | 'type'
  | 'nullable'
  | 'default'
  | 'automatic value'
  | 'generated'
  | 'collation'
  | 'comment';

export function columnFacts(spelling: Spelling, column: Column): ColumnFacts {
  const { serial, identity, generated } = column;
  const automatic = serial === true || identity !== undefined;
  return {
    type: spelling.type(column.type),
    nullable: column.nullable ? 'yes' : 'no',
    default: automatic ? undefined : spelling.default(column.default, column.type),
    'automatic value': automaticOf(column),
    generated: generated && `${spelling.expression(generated.expression)}${generated.stored ? ' stored' : ' virtual'}`,
    collation: column.collation?.toLowerCase(),
    comment: column.comment,
  };
}

function automaticOf({ serial, identity }: Column): string | undefined {
  if (serial) return 'serial';
  if (identity === undefined) return undefined;
  return `identity ${identity.generation}${identity.options === undefined ? '' : ` (${identity.options})`}`;
}

/** Which properties differ, in the order in which they are said. */
export function changedProperties(spelling: Spelling, expected: Column, found: Column): ColumnProperty[] {
  const wanted = columnFacts(spelling, expected);
  const other = columnFacts(spelling, found);
  return (Object.keys(wanted) as ColumnProperty[]).filter((property) => wanted[property] !== other[property]);
}

export function compareColumns(spelling: Spelling, expected: Table, found: Table, table: string): Difference[] {
  const others = new Map(found.columns.map((column) => [column.name, column]));
  const differences = expected.columns.flatMap((column): Difference[] => {
    const other = others.get(column.name);
    others.delete(column.name);
    if (other !== undefined) return compareColumn(spelling, column, other, table);
    const { name, type } = column;
    return [{ kind: 'missing', object: 'column', table, name, expected: spelling.type(type) }];
  });
  const extra = [...others.values()].map(
    ({ name, type }): Difference => ({ kind: 'extra', object: 'column', table, name, found: spelling.type(type) }),
  );
  return [...differences, ...extra];
}

function compareColumn(spelling: Spelling, expected: Column, found: Column, table: string): Difference[] {
  const wanted = columnFacts(spelling, expected);
  const other = columnFacts(spelling, found);
  return changedProperties(spelling, expected, found).map((property) => ({
    kind: 'changed',
    object: 'column',
    table,
    name: expected.name,
    property,
    expected: wanted[property],
    found: other[property],
  }));
}
