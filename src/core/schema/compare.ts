/**
 * Schemas as data: comparison by meaning, types, defaults, and the operations that change one into the other. Pure;
 * imports the model.
 */
import type { Snapshot, Table } from '../model/snapshot.ts';
import { compareColumns } from './columns.ts';
import { compareConstraints } from './constraints.ts';
import type { Difference } from './difference.ts';
import { compareIndexes } from './indexes.ts';
import { keyOf } from './names.ts';
import { type CompareOptions, type Spelling, spellingOf } from './normalizer.ts';
import { compareObjects, compareTriggers } from './objects.ts';
import { childrenGone, unmanagedTables } from './unmanaged-tables.ts';

export { type Difference, describeDifference, fixOf } from './difference.ts';
export type { CompareOptions } from './normalizer.ts';

/**
 * What is missing, extra or different in `found`. Sets are compared as sets; generated names do not
 * count (unless `names: 'exact'`, for two states of one database); nor do kinds that the expected side cannot express
 * (`unsupportedKinds`).
 */
export function compareSnapshots(expected: Snapshot, found: Snapshot, options: CompareOptions = {}): Difference[] {
  const normalizer = spellingOf(expected, options);
  const silent = new Set(expected.unsupportedKinds);
  const all = [...compareAllTables(normalizer, expected, found), ...compareObjects(normalizer, expected, found)];
  return all.filter((difference) => !isSilent(silent, difference));
}

/** Objects that one side cannot express are never extra; nor are options that it would have to name. */
function isSilent(silent: ReadonlySet<string>, { kind, object, property }: Difference): boolean {
  if (silent.has(object)) return kind === 'extra' || object === 'option';
  return object === 'column' && property !== undefined && silent.has(property);
}

function compareAllTables(normalizer: Spelling, expected: Snapshot, found: Snapshot): Difference[] {
  const tables = new Map(found.tables.map((table) => [keyOf(table), table]));
  const wanted = new Map(expected.tables.map((table) => [keyOf(table), table]));
  const gone = normalizer.names ? new Set() : childrenGone(expected, found);
  const differences = [...wanted].flatMap(([key, table]): Difference[] => {
    const other = tables.get(key);
    if (gone.has(key)) return [];
    if (other === undefined) return [{ kind: 'missing', object: 'table', table: key }];
    return compareTables(normalizer, table, other, key);
  });
  const unmanaged = new Set(unmanagedTables(expected, found, !normalizer.names).map(keyOf));
  const extra = [...tables.keys()].filter((key) => !wanted.has(key) && !unmanaged.has(key));
  return [...differences, ...extra.map((table): Difference => ({ kind: 'extra', object: 'table', table }))];
}

function compareTables(normalizer: Spelling, expected: Table, found: Table, table: string): Difference[] {
  return [
    ...compareOptions(expected, found, table),
    ...compareColumns(normalizer, expected, found, table),
    ...compareConstraints(normalizer, expected, found, table),
    ...compareIndexes(normalizer, expected, found, table),
    ...compareTriggers(normalizer, expected.triggers, found.triggers, table),
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
