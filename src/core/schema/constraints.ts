import type {
  CheckConstraint,
  ForeignKey,
  KeyConstraint,
  NamedDefinition,
  Table,
  UniqueConstraint,
} from '../model/snapshot.ts';
import type { Difference } from './difference.ts';
import { keyOf, shortName } from './names.ts';
import type { Spelling } from './normalizer.ts';

/** Constraints are compared by content, not by name: databases generate names, and tools use different ones. */
export function compareConstraints(normalizer: Spelling, expected: Table, found: Table, table: string): Difference[] {
  const sets = (object: Difference['object'], texts: (one: Table) => string[]) =>
    compareSets(object, texts(expected), texts(found), table);
  return [
    ...sets('primary key', ({ primaryKey }) =>
      primaryKey === undefined ? [] : [primaryKeyText(normalizer, primaryKey)],
    ),
    ...sets('unique', (one) => uniqueTexts(normalizer, one)),
    ...sets('foreign key', (one) => one.foreignKeys.map((key) => foreignKeyText(normalizer, key))),
    ...sets('check', (one) => one.checks.map((check) => checkText(normalizer, check))),
    ...sets('exclusion', (one) => one.exclusions.map((exclusion) => exclusionText(normalizer, exclusion))),
  ];
}

function named({ names }: Spelling, name: string | undefined, text: string): string {
  return names && name !== undefined ? `${name} ${text}` : text;
}

export function primaryKeyText(normalizer: Spelling, key: KeyConstraint): string {
  return named(normalizer, key.name, `(${key.columns.join(', ')})${included(key)}`);
}

/** A UNIQUE constraint and a plain unique index over the same columns reject the same rows. */
function uniqueTexts(normalizer: Spelling, { uniques, indexes }: Pick<Table, 'uniques' | 'indexes'>): string[] {
  const plain = indexes.flatMap(uniqueOfIndex);
  return [...new Set([...uniques, ...plain].map((unique) => uniqueText(normalizer, unique)))];
}

/** The unique constraint that is equivalent to a plain unique index; none for other indexes. */
export function uniqueOfIndex(index: Table['indexes'][number]): UniqueConstraint[] {
  const { name, unique, where, include, parts, valid, nullsNotDistinct } = index;
  if (!unique || !valid || where !== undefined || include.length > 0) return [];
  const columns = parts.flatMap((part) =>
    'column' in part &&
    part.order === 'ASC' &&
    part.nulls === undefined &&
    part.opclass === undefined &&
    part.collation === undefined
      ? [part.column]
      : [],
  );
  return columns.length === parts.length ? [{ name, columns, nullsNotDistinct }] : [];
}

export function uniqueText(normalizer: Spelling, unique: UniqueConstraint): string {
  const { name, columns, nullsNotDistinct, deferrable } = unique;
  const parts = [
    `(${columns.join(', ')})${included(unique)}`,
    nullsNotDistinct ? 'NULLS NOT DISTINCT' : '',
    deferrable === undefined ? '' : `DEFERRABLE ${deferrable}`,
  ];
  return named(normalizer, name, joined(parts));
}

export function foreignKeyText(normalizer: Spelling, key: ForeignKey): string {
  const { references, onDelete, onUpdate, onDeleteColumns, match, deferrable, validated } = key;
  const parent = shortName(keyOf({ schema: references.schema, name: references.table }));
  const parts = [
    `(${key.columns.join(', ')}) REFERENCES ${parent} (${references.columns.join(', ')})`,
    `ON DELETE ${onDelete}${onDeleteColumns === undefined ? '' : ` (${onDeleteColumns.join(', ')})`} ON UPDATE ${onUpdate}`,
    match === undefined ? '' : `MATCH ${match}`,
    deferrable === undefined ? '' : `DEFERRABLE ${deferrable}`,
    validated ? '' : 'NOT VALID',
  ];
  return named(normalizer, key.name, joined(parts));
}

export function checkText(normalizer: Spelling, { name, expression, validated, noInherit }: CheckConstraint): string {
  const parts = [normalizer.expression(expression), noInherit ? 'NO INHERIT' : '', validated ? '' : 'NOT VALID'];
  return named(normalizer, name, joined(parts));
}

export function exclusionText(normalizer: Spelling, { name, definition }: NamedDefinition): string {
  return named(normalizer, name, normalizer.statement(definition));
}

function included({ include }: KeyConstraint): string {
  return include === undefined ? '' : ` INCLUDE (${include.join(', ')})`;
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' ');
}

export function compareSets(
  object: Difference['object'],
  expected: readonly string[],
  found: readonly string[],
  table: string,
): Difference[] {
  const wanted = new Set(expected);
  const there = new Set(found);
  const missing = [...wanted].filter((text) => !there.has(text));
  const extra = [...there].filter((text) => !wanted.has(text));
  return [
    ...missing.map((text): Difference => ({ kind: 'missing', object, table, expected: text })),
    ...extra.map((text): Difference => ({ kind: 'extra', object, table, found: text })),
  ];
}
