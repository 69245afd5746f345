import type { Column, Snapshot, Table } from '../model/snapshot.ts';
import { goesWithOwner } from './attached-sequences.ts';
import { type ColumnProperty, changedProperties } from './columns.ts';
import { checkText, exclusionText, foreignKeyText, primaryKeyText, uniqueOfIndex, uniqueText } from './constraints.ts';
import { indexText } from './indexes.ts';
import { mentions } from './mentions.ts';
import { keyOf } from './names.ts';
import { type Spelling, spellingOf } from './normalizer.ts';
import { enumText, ownSequences, sequenceText, viewText } from './objects.ts';
import { nameConstraints } from './target-names.ts';
import { unmanagedTables } from './unmanaged-tables.ts';

/**
 * The schema after a migration: everything with the expected meaning keeps the text that was found, so
 * that only real differences become steps; objects that the expected side cannot express are kept.
 */
export function mergeTarget(expected: Snapshot, found: Snapshot): Snapshot {
  const normalizer = spellingOf(expected);
  const silent = new Set(expected.unsupportedKinds);
  const tables = new Map(found.tables.map((table) => [keyOf(table), table]));
  const merged = expected.tables.map((table) => {
    const other = tables.get(keyOf(table));
    return other === undefined ? table : mergeTable(normalizer, silent, table, other);
  });
  const sequences = pick(expected.sequences, found.sequences, (one) => `${keyOf(one)} ${sequenceText(one)}`);
  const all = nameConstraints(expected.dialect, [...merged, ...unmanagedTables(expected, found, silent.has('option'))]);
  const staying = ownSequences(found).filter((one) => !goesWithOwner(one, found, { tables: all }));
  return {
    dialect: expected.dialect,
    tables: all,
    enums: pick(expected.enums, found.enums, (one) => `${keyOf(one)} ${enumText(one)}`),
    sequences: silent.has('sequence') ? union(staying, expected.sequences) : sequences,
    views: silent.has('view')
      ? union(found.views, expected.views)
      : pick(expected.views, found.views, (one) => `${keyOf(one)} ${viewText(normalizer, one)}`),
  };
}

function mergeTable(normalizer: Spelling, silent: ReadonlySet<string>, expected: Table, found: Table): Table {
  const columns = mergeColumns(normalizer, silent, expected, found);
  const kept = new Set(columns.map(({ name }) => name));
  const gone = found.columns.filter(({ name }) => !kept.has(name)).map(({ name }) => name);
  const still = (text: string) => !gone.some((name) => mentions(text, name));
  const { primaryKey } = pickKey(normalizer, expected, found);
  return {
    ...found,
    columns,
    primaryKey,
    uniques: mergeUniques(normalizer, expected, found),
    foreignKeys: pick(expected.foreignKeys, found.foreignKeys, (key) => foreignKeyText(normalizer, key)),
    checks: silent.has('check')
      ? [...found.checks.filter(({ expression }) => still(expression)), ...expected.checks]
      : pick(expected.checks, found.checks, (check) => checkText(normalizer, check)),
    exclusions: silent.has('exclusion')
      ? found.exclusions.filter(({ definition }) => still(definition))
      : pick(expected.exclusions, found.exclusions, (one) => exclusionText(normalizer, one)),
    indexes: mergeIndexes(normalizer, expected, found),
    triggers: silent.has('trigger')
      ? found.triggers
      : pick(expected.triggers, found.triggers, (one) => `${one.name} ${normalizer.statement(one.definition)}`),
    comment: expected.comment,
    partition: silent.has('option') ? found.partition : expected.partition,
    options: silent.has('option') ? found.options : expected.options,
  };
}

function pickKey(
  normalizer: Spelling,
  { primaryKey: wanted }: Table,
  { primaryKey: there }: Table,
): Pick<Table, 'primaryKey'> {
  const same = wanted && there && primaryKeyText(normalizer, wanted) === primaryKeyText(normalizer, there);
  return { primaryKey: same ? there : wanted };
}

/** Columns in the order of the database; new ones are last. */
function mergeColumns(normalizer: Spelling, silent: ReadonlySet<string>, expected: Table, found: Table): Column[] {
  const wanted = new Map(expected.columns.map((column) => [column.name, column]));
  const there = found.columns.flatMap((column) => {
    const other = wanted.get(column.name);
    wanted.delete(column.name);
    return other === undefined ? [] : [mergeColumn(normalizer, silent, other, column)];
  });
  return [...there, ...wanted.values()];
}

function mergeColumn(normalizer: Spelling, silent: ReadonlySet<string>, expected: Column, found: Column): Column {
  const changed = changedProperties(normalizer, expected, found).filter((property) => !silent.has(property));
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

/** A unique index that rejects the same rows as an expected constraint is kept, and vice versa. */
function mergeUniques(normalizer: Spelling, expected: Table, found: Table): Table['uniques'] {
  const indexed = new Set(found.indexes.flatMap(uniqueOfIndex).map((unique) => uniqueText(normalizer, unique)));
  const wantedByIndex = expected.indexes.flatMap(uniqueOfIndex);
  const there = new Set(found.uniques.map((unique) => uniqueText(normalizer, unique)));
  const asConstraint = wantedByIndex.filter((unique) => there.has(uniqueText(normalizer, unique)));
  const wanted = [
    ...expected.uniques.filter((unique) => !indexed.has(uniqueText(normalizer, unique))),
    ...asConstraint,
  ];
  return pick(wanted, found.uniques, (unique) => uniqueText(normalizer, unique));
}

function mergeIndexes(normalizer: Spelling, expected: Table, found: Table): Table['indexes'] {
  const plainText = (index: Table['indexes'][number]) => {
    const [unique] = uniqueOfIndex(index);
    return unique === undefined ? indexText(normalizer, index) : `unique ${uniqueText(normalizer, unique)}`;
  };
  const constraints = new Set(found.uniques.map((unique) => uniqueText(normalizer, unique)));
  const wantedUniques = new Set(expected.uniques.map((unique) => `unique ${uniqueText(normalizer, unique)}`));
  const wanted = expected.indexes.filter((index) => {
    const [unique] = uniqueOfIndex(index);
    return unique === undefined || !constraints.has(uniqueText(normalizer, unique));
  });
  const asIndex = found.indexes.filter((index) => wantedUniques.has(plainText(index)));
  return pick([...wanted, ...asIndex], found.indexes, plainText);
}

/** The expected objects, with the text that was found if they exist. */
function pick<T>(wanted: readonly T[], found: readonly T[], text: (one: T) => string): T[] {
  const there = new Map(found.map((one) => [text(one), one]));
  return [...new Map(wanted.map((one) => [text(one), there.get(text(one)) ?? one])).values()];
}

function union<T extends { schema: string; name: string }>(first: readonly T[], second: readonly T[]): T[] {
  return [...new Map([...first, ...second].map((one) => [keyOf(one), one])).values()];
}
