import type { Dialect } from '../model/dialect.ts';
import type { Index, IndexPart, Table } from '../model/snapshot.ts';
import { compareSets, uniqueTexts } from './constraints.ts';
import type { Difference } from './difference.ts';
import { canonicalExpression } from './expressions.ts';

/** Indexes by what they are; a plain unique one is compared as a unique constraint, so it is left out here. */
export function compareIndexes(dialect: Dialect, expected: Table, found: Table, table: string): Difference[] {
  return compareSets('index', texts(dialect, expected), texts(dialect, found), table);
}

function texts(dialect: Dialect, table: Table): string[] {
  const uniques = new Set(uniqueTexts({ ...table, uniques: [] }));
  return table.indexes
    .filter(
      (index) => !(index.unique && uniques.has(uniqueTexts({ ...table, uniques: [], indexes: [index] })[0] ?? '')),
    )
    .map((index) => indexText(dialect, index));
}

function indexText(dialect: Dialect, index: Index): string {
  return [
    index.unique ? 'unique' : '',
    index.method === 'btree' ? '' : index.method,
    `(${index.parts.map((part) => partText(dialect, part)).join(', ')})`,
    index.include.length > 0 ? `include (${index.include.join(', ')})` : '',
    index.where === undefined ? '' : `where ${canonicalExpression(dialect, index.where)}`,
    index.nullsNotDistinct ? 'nulls not distinct' : '',
    index.valid ? '' : 'INVALID',
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function partText(dialect: Dialect, part: IndexPart): string {
  const base = 'column' in part ? part.column : canonicalExpression(dialect, part.expression);
  return [
    base,
    part.order === 'ASC' ? '' : 'desc',
    part.nulls === undefined ? '' : `nulls ${part.nulls.toLowerCase()}`,
    part.opclass ?? '',
    part.collation ?? '',
  ]
    .filter((text) => text !== '')
    .join(' ');
}
