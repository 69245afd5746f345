import type { Column, Snapshot, Table } from '../model/snapshot.ts';
import { tablesBeside } from './beside.ts';
import { type ColumnProperty, changedProperties } from './columns.ts';
import { checkText, exclusionText, foreignKeyText, primaryKeyText, uniqueOfIndex, uniqueText } from './constraints.ts';
import { indexText } from './indexes.ts';
import { mentions } from './mentions.ts';
import { keyOf } from './names.ts';
import { enumText, ownSequences, sequenceText, viewText } from './objects.ts';
import { type Spelling, spellingOf } from './spelling.ts';
import { nameConstraints } from './target-names.ts';

/**
 * The schema that a migration leads to: everything that already means what is expected stays as it was found, so
 * that only real differences become steps; and what the expected side has no words for is kept.
 */
export function targetOf(expected: Snapshot, found: Snapshot): Snapshot {
  const spelling = spellingOf(expected);
  const silent = new Set(expected.silentOn);
  const tables = new Map(found.tables.map((table) => [keyOf(table), table]));
  const merged = expected.tables.map((table) => {
    const other = tables.get(keyOf(table));
    return other === undefined ? table : mergeTable(spelling, silent, table, other);
  });
  const sequences = pick(expected.sequences, found.sequences, (one) => `${keyOf(one)} ${sequenceText(one)}`);
  return {
    dialect: expected.dialect,
    tables: nameConstraints(expected.dialect, [...merged, ...tablesBeside(expected, found, silent.has('option'))]),
    enums: pick(expected.enums, found.enums, (one) => `${keyOf(one)} ${enumText(one)}`),
    sequences: silent.has('sequence') ? union(ownSequences(found), expected.sequences) : sequences,
    views: silent.has('view')
      ? union(found.views, expected.views)
      : pick(expected.views, found.views, (one) => `${keyOf(one)} ${viewText(spelling, one)}`),
  };
}

function mergeTable(spelling: Spelling, silent: ReadonlySet<string>, expected: Table, found: Table): Table {
  const columns = mergeColumns(spelling, silent, expected, found);
  const kept = new Set(columns.map(({ name }) => name));
  const gone = found.columns.filter(({ name }) => !kept.has(name)).map(({ name }) => name);
  const still = (text: string) => !gone.some((name) => mentions(text, name));
  const { primaryKey } = pickKey(spelling, expected, found);
  return {
    ...found,
    columns,
    primaryKey,
    uniques: mergeUniques(spelling, expected, found),
    foreignKeys: pick(expected.foreignKeys, found.foreignKeys, (key) => foreignKeyText(spelling, key)),
    checks: silent.has('check')
      ? [...found.checks.filter(({ expression }) => still(expression)), ...expected.checks]
      : pick(expected.checks, found.checks, (check) => checkText(spelling, check)),
    exclusions: silent.has('exclusion')
      ? found.exclusions.filter(({ definition }) => still(definition))
      : pick(expected.exclusions, found.exclusions, (one) => exclusionText(spelling, one)),
    indexes: mergeIndexes(spelling, expected, found),
    triggers: silent.has('trigger')
      ? found.triggers
      : pick(expected.triggers, found.triggers, (one) => `${one.name} ${spelling.statement(one.definition)}`),
    comment: expected.comment,
    partition: silent.has('option') ? found.partition : expected.partition,
    options: silent.has('option') ? found.options : expected.options,
  };
}

function pickKey(
  spelling: Spelling,
  { primaryKey: wanted }: Table,
  { primaryKey: there }: Table,
): Pick<Table, 'primaryKey'> {
  const same = wanted && there && primaryKeyText(spelling, wanted) === primaryKeyText(spelling, there);
  return { primaryKey: same ? there : wanted };
}

/** Columns in the order in which they are found; new ones come last, as in the database. */
function mergeColumns(spelling: Spelling, silent: ReadonlySet<string>, expected: Table, found: Table): Column[] {
  const wanted = new Map(expected.columns.map((column) => [column.name, column]));
  const there = found.columns.flatMap((column) => {
    const other = wanted.get(column.name);
    wanted.delete(column.name);
    return other === undefined ? [] : [mergeColumn(spelling, silent, other, column)];
  });
  return [...there, ...wanted.values()];
}

function mergeColumn(spelling: Spelling, silent: ReadonlySet<string>, expected: Column, found: Column): Column {
  const changed = changedProperties(spelling, expected, found).filter((property) => !silent.has(property));
  if (changed.length === 0) return found;
  const take = <Name extends keyof Column>(property: ColumnProperty, name: Name): Pick<Column, Name> => {
    const from = changed.includes(property) ? expected : found;
    return { [name]: from[name] } as Pick<Column, Name>;
  };
  return {
    name: found.name,
    ...take('type', 'type'),
    ...take('nullable', 'nullable'),
    // A default of the old type (`'a'::text`) does not fit the new one.
    ...(changed.some((one) => one === 'automatic value' || one === 'type')
      ? { default: expected.default }
      : take('default', 'default')),
    ...take('automatic value', 'serial'),
    ...take('automatic value', 'identity'),
    ...take('generated', 'generated'),
    ...take('collation', 'collation'),
    ...take('comment', 'comment'),
  };
}

/** A unique index that holds the same rows out as an expected constraint is left as it is, and the other way. */
function mergeUniques(spelling: Spelling, expected: Table, found: Table): Table['uniques'] {
  const indexed = new Set(found.indexes.flatMap(uniqueOfIndex).map((unique) => uniqueText(spelling, unique)));
  const wantedByIndex = expected.indexes.flatMap(uniqueOfIndex);
  const there = new Set(found.uniques.map((unique) => uniqueText(spelling, unique)));
  const asConstraint = wantedByIndex.filter((unique) => there.has(uniqueText(spelling, unique)));
  const wanted = [...expected.uniques.filter((unique) => !indexed.has(uniqueText(spelling, unique))), ...asConstraint];
  return pick(wanted, found.uniques, (unique) => uniqueText(spelling, unique));
}

function mergeIndexes(spelling: Spelling, expected: Table, found: Table): Table['indexes'] {
  const plainText = (index: Table['indexes'][number]) => {
    const [unique] = uniqueOfIndex(index);
    return unique === undefined ? indexText(spelling, index) : `unique ${uniqueText(spelling, unique)}`;
  };
  const constraints = new Set(found.uniques.map((unique) => uniqueText(spelling, unique)));
  const wantedUniques = new Set(expected.uniques.map((unique) => `unique ${uniqueText(spelling, unique)}`));
  const wanted = expected.indexes.filter((index) => {
    const [unique] = uniqueOfIndex(index);
    return unique === undefined || !constraints.has(uniqueText(spelling, unique));
  });
  const asIndex = found.indexes.filter((index) => wantedUniques.has(plainText(index)));
  return pick([...wanted, ...asIndex], found.indexes, plainText);
}

/** What is wanted, each in the words in which it was found where it was. */
function pick<T>(wanted: readonly T[], found: readonly T[], text: (one: T) => string): T[] {
  const there = new Map(found.map((one) => [text(one), one]));
  return [...new Map(wanted.map((one) => [text(one), there.get(text(one)) ?? one])).values()];
}

function union<T extends { schema: string; name: string }>(first: readonly T[], second: readonly T[]): T[] {
  return [...new Map([...first, ...second].map((one) => [keyOf(one), one])).values()];
}
