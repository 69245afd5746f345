import type { Dialect } from '../model/dialect.ts';
import type { ForeignKey, Table, UniqueConstraint } from '../model/snapshot.ts';
import type { Difference } from './difference.ts';
import { canonicalExpression } from './expressions.ts';

/** Constraints are compared by what they hold, not by name: the database makes up names, and tools differ in theirs. */
export function compareConstraints(dialect: Dialect, expected: Table, found: Table, table: string): Difference[] {
  return [
    ...compareSets('primary key', keys(expected.primaryKey), keys(found.primaryKey), table),
    ...compareSets('unique', uniqueTexts(expected), uniqueTexts(found), table),
    ...compareSets(
      'foreign key',
      expected.foreignKeys.map(foreignKeyText),
      found.foreignKeys.map(foreignKeyText),
      table,
    ),
    ...compareSets('check', checkTexts(dialect, expected), checkTexts(dialect, found), table),
    ...compareSets(
      'exclusion',
      expected.exclusions.map(({ definition }) => definition),
      found.exclusions.map(({ definition }) => definition),
      table,
    ),
  ];
}

function keys(key: Table['primaryKey']): string[] {
  return key === undefined ? [] : [`(${key.columns.join(', ')})`];
}

/** A UNIQUE constraint and a plain unique index over the same columns hold the same rows out. */
export function uniqueTexts({ uniques, indexes }: Table): string[] {
  const plain = indexes.filter(
    ({ unique, where, include, parts }) =>
      unique &&
      where === undefined &&
      include.length === 0 &&
      parts.every(
        (part) =>
          'column' in part && part.order === 'ASC' && part.opclass === undefined && part.collation === undefined,
      ),
  );
  const columns = plain.map(
    ({ parts, nullsNotDistinct }): UniqueConstraint => ({
      columns: parts.flatMap((part) => ('column' in part ? [part.column] : [])),
      nullsNotDistinct,
    }),
  );
  return [...new Set([...uniques, ...columns].map(uniqueText))];
}

function uniqueText({ columns, nullsNotDistinct, deferrable }: UniqueConstraint): string {
  return `(${columns.join(', ')})${nullsNotDistinct ? ' NULLS NOT DISTINCT' : ''}${deferrable === undefined ? '' : ` DEFERRABLE ${deferrable}`}`;
}

function foreignKeyText({ columns, references, onDelete, onUpdate, match, deferrable, validated }: ForeignKey): string {
  const { schema, table, columns: parent } = references;
  const place = schema === 'main' || schema === 'public' ? table : `${schema}.${table}`;
  return [
    `(${columns.join(', ')}) REFERENCES ${place} (${parent.join(', ')})`,
    `ON DELETE ${onDelete} ON UPDATE ${onUpdate}`,
    match === undefined ? '' : `MATCH ${match}`,
    deferrable === undefined ? '' : `DEFERRABLE ${deferrable}`,
    validated ? '' : 'NOT VALID',
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function checkTexts(dialect: Dialect, { checks }: Table): string[] {
  return checks.map(
    ({ expression, validated }) => `${canonicalExpression(dialect, expression)}${validated ? '' : ' NOT VALID'}`,
  );
}

export function compareSets(
  object: Difference['object'],
  expected: readonly string[],
  found: readonly string[],
  table: string,
): Difference[] {
  const wanted = new Set(expected);
  const there = new Set(found);
  return [
    ...[...wanted]
      .filter((text) => !there.has(text))
      .map((text): Difference => ({ kind: 'missing', object, table, expected: text })),
    ...[...there]
      .filter((text) => !wanted.has(text))
      .map((text): Difference => ({ kind: 'extra', object, table, found: text })),
  ];
}
