import type { Index, IndexPart, Table } from '../model/snapshot.ts';
import { compareSets, uniqueOfIndex } from './constraints.ts';
import type { Difference } from './difference.ts';
import type { Spelling } from './spelling.ts';

/** Indexes by what they are; a plain unique one is compared as a unique constraint, so it is left out here. */
export function compareIndexes(spelling: Spelling, expected: Table, found: Table, table: string): Difference[] {
  return compareSets('index', indexTexts(spelling, expected), indexTexts(spelling, found), table);
}

function indexTexts(spelling: Spelling, { indexes }: Table): string[] {
  return indexes.filter((index) => uniqueOfIndex(index).length === 0).map((index) => indexText(spelling, index));
}

export function indexText(spelling: Spelling, index: Index): string {
  return [
    spelling.names ? index.name : '',
    index.unique ? 'unique' : '',
    index.method === 'btree' ? '' : index.method,
    `(${index.parts.map((part) => partText(spelling, part)).join(', ')})`,
    index.include.length > 0 ? `include (${index.include.join(', ')})` : '',
    index.where === undefined ? '' : `where ${spelling.expression(index.where)}`,
    index.nullsNotDistinct ? 'nulls not distinct' : '',
    index.valid ? '' : 'INVALID',
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function partText(spelling: Spelling, part: IndexPart): string {
  const base = 'column' in part ? part.column : spelling.expression(part.expression);
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
