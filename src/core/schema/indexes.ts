import type { Index, IndexPart, Table } from '../model/snapshot.ts';
import { compareSets, uniqueOfIndex } from './constraints.ts';
import type { Difference } from './difference.ts';
import type { Spelling } from './normalizer.ts';

/** Indexes by content; a plain unique index is compared as a unique constraint, so it is skipped here. */
export function compareIndexes(normalizer: Spelling, expected: Table, found: Table, table: string): Difference[] {
  return compareSets('index', indexTexts(normalizer, expected), indexTexts(normalizer, found), table);
}

function indexTexts(normalizer: Spelling, { indexes }: Table): string[] {
  return indexes.filter((index) => uniqueOfIndex(index).length === 0).map((index) => indexText(normalizer, index));
}

export function indexText(normalizer: Spelling, index: Index): string {
  return [
    normalizer.names ? index.name : '',
    index.unique ? 'unique' : '',
    index.method === 'btree' ? '' : index.method,
    `(${index.parts.map((part) => partText(normalizer, part)).join(', ')})`,
    index.include.length > 0 ? `include (${index.include.join(', ')})` : '',
    index.where === undefined ? '' : `where ${normalizer.expression(index.where)}`,
    index.nullsNotDistinct ? 'nulls not distinct' : '',
    index.valid ? '' : 'INVALID',
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function partText(normalizer: Spelling, part: IndexPart): string {
  const base = 'column' in part ? part.column : normalizer.expression(part.expression);
  return [
    base,
    part.order === 'ASC' ? '' : 'desc',
    part.nulls === undefined ? '' : `nulls ${part.nulls.toLowerCase()}`,
    part.opclass ?? '',
    part.collation === undefined ? '' : part.collation.toLowerCase(),
  ]
    .filter((text) => text !== '')
    .join(' ');
}
