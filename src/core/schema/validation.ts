import type { Snapshot } from '../model/snapshot.ts';
import { compareSnapshots, type Difference, describeDifference, fixOf } from './compare.ts';
import { subject } from './difference.ts';
import { keyOf, shortName } from './names.ts';

export interface TableValidation {
  valid: boolean;
  missingColumns: string[];
  extraColumns: string[];
  typeMismatches: { column: string; expected: string; found: string }[];
  /** All differences with their fixes, one line each. */
  differences: DescribedDifference[];
}

/** One difference for people and programs. */
export interface DescribedDifference {
  kind: Difference['kind'];
  /** `column orders.note` */
  object: string;
  /** `type`, `nullable`, `default`, …, if that is the difference. */
  property?: string;
  expected?: string;
  found?: string;
  /** The difference in one sentence. */
  message: string;
  /** The change to the database that fixes it. */
  fix: string;
}

export interface SchemaValidation {
  valid: boolean;
  missingTables: string[];
  extraTables: string[];
  /** By name, with the schema if it is not `public` (or SQLite's `main`). */
  tables: Record<string, TableValidation>;
  /** All differences, also those of enums, views and sequences, which belong to no table. */
  differences: DescribedDifference[];
}

/** The comparison in the shape of the library's `results`. Missing tables are listed and not valid. */
export function toValidationResult(
  expected: Snapshot,
  found: Snapshot,
  all: readonly Difference[] = compareSnapshots(expected, found),
): SchemaValidation {
  const ofTables = (kind: Difference['kind']) =>
    all.filter((one) => one.object === 'table' && one.kind === kind).map(({ table }) => shortName(table));
  const byTable = Map.groupBy(all, ({ table }) => table);
  const names = [...new Set([...expected.tables.map(keyOf), ...found.tables.map(keyOf)])].sort();
  return {
    valid: all.length === 0,
    missingTables: ofTables('missing'),
    extraTables: ofTables('extra'),
    tables: Object.fromEntries(names.map((key) => [shortName(key), ofTable(byTable.get(key) ?? [])])),
    differences: all.map(inWords),
  };
}

function ofTable(differences: readonly Difference[]): TableValidation {
  const columns = (kind: Difference['kind']) =>
    differences.filter((one) => one.object === 'column' && one.kind === kind).flatMap(({ name }) => name ?? []);
  return {
    valid: differences.length === 0,
    missingColumns: columns('missing'),
    extraColumns: columns('extra'),
    typeMismatches: differences.flatMap(({ property, name, expected, found }) =>
      property === 'type' && name !== undefined ? [{ column: name, expected: expected ?? '', found: found ?? '' }] : [],
    ),
    differences: differences.map(inWords),
  };
}

export function inWords(difference: Difference): DescribedDifference {
  const { kind, property, expected, found } = difference;
  return {
    kind,
    object: subject(difference),
    ...(property === undefined ? {} : { property }),
    ...(expected === undefined ? {} : { expected }),
    ...(found === undefined ? {} : { found }),
    message: describeDifference(difference),
    fix: fixOf(difference),
  };
}
