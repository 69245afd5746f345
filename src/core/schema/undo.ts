import type { Snapshot, Table } from '../model/snapshot.ts';
import { checkText, exclusionText, foreignKeyText, primaryKeyText, uniqueOfIndex, uniqueText } from './constraints.ts';
import type { Difference } from './difference.ts';
import { indexText } from './indexes.ts';
import { keyOf } from './names.ts';
import { type Spelling, spellingOf } from './normalizer.ts';

/**
 * The schema that was found, with this one difference undone. Everything else is unchanged, so that the plan from the
 * found schema to this one is the fix of the difference alone.
 */
export function withoutDifference(expected: Snapshot, found: Snapshot, difference: Difference): Snapshot {
  const { object, table: key } = difference;
  const list = OBJECTS[object as keyof typeof OBJECTS];
  if (list !== undefined)
    return { ...found, [list]: exchanged<{ schema: string; name: string }>(expected[list], found[list], key) };
  const wanted = expected.tables.find((table) => keyOf(table) === key);
  if (wanted === undefined) return found;
  const spelling = spellingOf(expected);
  const tables = found.tables.map((table) =>
    keyOf(table) === key ? undoneIn(spelling, wanted, table, difference) : table,
  );
  return { ...found, tables };
}

const OBJECTS = { table: 'tables', enum: 'enums', sequence: 'sequences', view: 'views' } as const;

/** The object with this key as it is expected: added, exchanged or removed. */
function exchanged<T extends { schema: string; name: string }>(
  expected: readonly T[],
  found: readonly T[],
  key: string,
): T[] {
  const wanted = expected.filter((one) => keyOf(one) === key);
  return [...found.filter((one) => keyOf(one) !== key), ...wanted];
}

function undoneIn(spelling: Spelling, expected: Table, found: Table, difference: Difference): Table {
  const { object, name } = difference;
  switch (object) {
    case 'column':
      return { ...found, columns: byName(expected.columns, found.columns, name) };
    case 'trigger':
      return { ...found, triggers: byName(expected.triggers, found.triggers, name) };
    case 'primary key':
      return { ...found, primaryKey: primaryKeyAfter(spelling, expected, found, difference) };
    case 'foreign key':
      return {
        ...found,
        foreignKeys: byText(difference, expected.foreignKeys, found.foreignKeys, (one) =>
          foreignKeyText(spelling, one),
        ),
      };
    case 'check':
      return { ...found, checks: byText(difference, expected.checks, found.checks, (one) => checkText(spelling, one)) };
    case 'exclusion':
      return {
        ...found,
        exclusions: byText(difference, expected.exclusions, found.exclusions, (one) => exclusionText(spelling, one)),
      };
    case 'index':
      return {
        ...found,
        indexes: byText(difference, expected.indexes, found.indexes, (one) => indexText(spelling, one)),
      };
    case 'unique':
      return uniqueAfter(spelling, expected, found, difference);
    default:
      return {
        ...found,
        options: expected.options,
        partition: expected.partition,
        inherits: expected.inherits,
        comment: expected.comment,
      };
  }
}

/** The member of a list with this name as it is expected. The order of the rest stays. */
function byName<T extends { name: string }>(
  expected: readonly T[],
  found: readonly T[],
  name: string | undefined,
): T[] {
  const wanted = expected.find((one) => one.name === name);
  if (wanted === undefined) return found.filter((one) => one.name !== name);
  if (!found.some((one) => one.name === name)) return [...found, wanted];
  return found.map((one) => (one.name === name ? wanted : one));
}

/** Constraints and indexes are compared by content: one is missing, or one is extra. */
function byText<T>(
  { kind, expected: wanted, found: extra }: Difference,
  expected: readonly T[],
  found: readonly T[],
  text: (one: T) => string,
): T[] {
  if (kind === 'missing') return [...found, ...expected.filter((one) => text(one) === wanted).slice(0, 1)];
  return found.filter((one) => text(one) !== extra);
}

function primaryKeyAfter(spelling: Spelling, expected: Table, found: Table, { kind }: Difference): Table['primaryKey'] {
  if (kind === 'missing') return expected.primaryKey;
  const wanted = expected.primaryKey && primaryKeyText(spelling, expected.primaryKey);
  return found.primaryKey && primaryKeyText(spelling, found.primaryKey) === wanted ? found.primaryKey : undefined;
}

/** A UNIQUE constraint and a plain unique index are equal in a comparison; each list is searched. */
function uniqueAfter(spelling: Spelling, expected: Table, found: Table, difference: Difference): Table {
  const { kind, expected: wanted, found: extra } = difference;
  const indexUnique = (text: string | undefined) => (index: Table['indexes'][number]) =>
    uniqueOfIndex(index).some((one) => uniqueText(spelling, one) === text);
  if (kind === 'missing') {
    const uniques = expected.uniques.filter((one) => uniqueText(spelling, one) === wanted).slice(0, 1);
    const indexes = uniques.length > 0 ? [] : expected.indexes.filter(indexUnique(wanted)).slice(0, 1);
    return { ...found, uniques: [...found.uniques, ...uniques], indexes: [...found.indexes, ...indexes] };
  }
  const isExtra = indexUnique(extra);
  return {
    ...found,
    uniques: found.uniques.filter((one) => uniqueText(spelling, one) !== extra),
    indexes: found.indexes.filter((one) => !isExtra(one)),
  };
}
