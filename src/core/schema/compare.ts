/**
 * Schemas as data: comparison by meaning, types, defaults, and the operations that lead from one to the other. Pure;
 * imports the model.
 */
import type { Snapshot, Table } from '../model/snapshot.ts';
import { childrenGone, tablesBeside } from './beside.ts';
import { compareColumns } from './columns.ts';
import { compareConstraints } from './constraints.ts';
import type { Difference } from './difference.ts';
import { compareIndexes } from './indexes.ts';
import { keyOf } from './names.ts';
import { compareObjects, compareTriggers } from './objects.ts';
import { type CompareOptions, type Spelling, spellingOf } from './spelling.ts';

export { type Difference, describeDifference, mendOf } from './difference.ts';
export type { CompareOptions } from './spelling.ts';

/**
 * What is missing, extra or different in `found`. Sets are compared as sets; names that the database made up do not
 * count (unless `names: 'exact'`, for two states of one database); nor does what the expected side has no words for
 * (`silentOn`).
 */
export function compareSnapshots(expected: Snapshot, found: Snapshot, options: CompareOptions = {}): Difference[] {
  const spelling = spellingOf(expected, options);
  const silent = new Set(expected.silentOn);
  const all = [...compareAllTables(spelling, expected, found), ...compareObjects(spelling, expected, found)];
  return all.filter((difference) => !isSilent(silent, difference));
}

export function sameSchema(expected: Snapshot, found: Snapshot, options: CompareOptions = {}): boolean {
  return compareSnapshots(expected, found, options).length === 0;
}

/** What one side has no words for is never extra; nor are the options that it would have to name. */
export function isSilent(silent: ReadonlySet<string>, { kind, object, property }: Difference): boolean {
  if (silent.has(object)) return kind === 'extra' || object === 'option';
  return object === 'column' && property !== undefined && silent.has(property);
}

function compareAllTables(spelling: Spelling, expected: Snapshot, found: Snapshot): Difference[] {
  const tables = new Map(found.tables.map((table) => [keyOf(table), table]));
  const wanted = new Map(expected.tables.map((table) => [keyOf(table), table]));
  const gone = spelling.names ? new Set() : childrenGone(expected, found);
  const differences = [...wanted].flatMap(([key, table]): Difference[] => {
    const other = tables.get(key);
    if (gone.has(key)) return [];
    if (other === undefined) return [{ kind: 'missing', object: 'table', table: key }];
    return compareTables(spelling, table, other, key);
  });
  const beside = new Set(tablesBeside(expected, found, !spelling.names).map(keyOf));
  const extra = [...tables.keys()].filter((key) => !wanted.has(key) && !beside.has(key));
  return [...differences, ...extra.map((table): Difference => ({ kind: 'extra', object: 'table', table }))];
}

function compareTables(spelling: Spelling, expected: Table, found: Table, table: string): Difference[] {
  return [
    ...compareOptions(expected, found, table),
    ...compareColumns(spelling, expected, found, table),
    ...compareConstraints(spelling, expected, found, table),
    ...compareIndexes(spelling, expected, found, table),
    ...compareTriggers(spelling, expected.triggers, found.triggers, table),
  ];
}

/** SQLite's table options, PostgreSQL's partitioning, the comment. */
function compareOptions(expected: Table, found: Table, table: string): Difference[] {
  const wanted = optionFacts(expected);
  const other = optionFacts(found);
  return Object.keys(wanted)
    .filter((property) => wanted[property] !== other[property])
    .map((property) => ({
      kind: 'changed',
      object: property === 'comment' ? 'comment' : 'option',
      table,
      property,
      expected: wanted[property],
      found: other[property],
    }));
}

export function optionFacts({ options, partition, inherits, comment }: Table): Record<string, string | undefined> {
  const word = (value: boolean) => (value ? 'yes' : 'no');
  return {
    withoutRowid: word(options.withoutRowid),
    strict: word(options.strict),
    autoincrement: word(options.autoincrement),
    'partitioned by': partition?.by,
    'partition of': partition?.of && `${partition.of} ${partition.bound ?? ''}`,
    inherits: inherits?.join(', '),
    comment,
  };
}
