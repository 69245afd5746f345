import type { EnumType, NamedDefinition, SequenceObject, Snapshot, View } from '../model/snapshot.ts';
import type { Difference } from './difference.ts';
import { indexText } from './indexes.ts';
import { keyOf } from './names.ts';
import type { Spelling } from './normalizer.ts';
import { childrenGone, unmanagedTables } from './unmanaged-tables.ts';

/** Objects outside tables: enums, sequences, views. */
export function compareObjects(normalizer: Spelling, expected: Snapshot, found: Snapshot): Difference[] {
  const gone = normalizer.names ? new Set<string>() : childrenGone(expected, found);
  const unmanaged = new Set(unmanagedTables(expected, found, !normalizer.names).map(keyOf));
  return [
    ...compareTexts('enum', textsOf(expected.enums, enumText), textsOf(found.enums, enumText), 'values'),
    ...compareTexts(
      'view',
      textsOf(expected.views, (view) => viewText(normalizer, view)),
      textsOf(found.views, (view) => viewText(normalizer, view)),
      'definition',
    ),
    ...compareTexts(
      'sequence',
      textsOf(withoutTables(ownSequences(expected), gone), sequenceText),
      textsOf(withoutTables(ownSequences(found), unmanaged), sequenceText),
      'definition',
    ),
  ];
}

/** Triggers of a table, by name. */
export function compareTriggers(
  normalizer: Spelling,
  expected: readonly NamedDefinition[],
  found: readonly NamedDefinition[],
  table: string,
): Difference[] {
  const texts = (list: readonly NamedDefinition[]) =>
    new Map(list.map(({ name, definition }) => [name, normalizer.statement(definition)]));
  return compareTexts('trigger', texts(expected), texts(found), 'definition').map((difference) => ({
    ...difference,
    name: difference.table,
    table,
  }));
}

export function enumText({ values }: EnumType): string {
  return values.map((value) => `'${value}'`).join(', ');
}

export function viewText(normalizer: Spelling, { definition, indexes = [] }: View): string {
  const own = indexes.map((index) => indexText(normalizer, index)).sort();
  return [normalizer.statement(definition), ...own].join('; ');
}

function withoutTables(sequences: SequenceObject[], tables: ReadonlySet<string>): SequenceObject[] {
  return sequences.filter(({ attachedTo }) => attachedTo === undefined || !tables.has(keyOf(attachedTo)));
}

/** Sequences that number a column are created and dropped with it. */
export function ownSequences({ sequences }: Snapshot): SequenceObject[] {
  return sequences.filter(({ ownedBy }) => ownedBy === undefined);
}

export function sequenceText({ type, start, increment, options }: SequenceObject): string {
  return `${type} start ${start} increment ${increment}${options === undefined ? '' : ` ${options}`}`;
}

function textsOf<T extends { schema: string; name: string }>(list: readonly T[], text: (one: T) => string) {
  return new Map(list.map((one) => [keyOf(one), text(one)]));
}

function compareTexts(
  object: Difference['object'],
  expected: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
  property: string,
): Difference[] {
  const missing = [...expected.keys()].filter((table) => !found.has(table));
  const extra = [...found.keys()].filter((table) => !expected.has(table));
  const changed = [...expected].filter(([table, text]) => found.has(table) && found.get(table) !== text);
  return [
    ...missing.map((table): Difference => ({ kind: 'missing', object, table })),
    ...changed.map(
      ([table, text]): Difference => ({
        kind: 'changed',
        object,
        table,
        property,
        expected: text,
        found: found.get(table),
      }),
    ),
    ...extra.map((table): Difference => ({ kind: 'extra', object, table })),
  ];
}
