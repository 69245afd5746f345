import type { Column, ForeignKey, Snapshot, Table } from '../model/snapshot.ts';
import { optionFacts } from './compare.ts';
import { mentions } from './mentions.ts';
import { keyOf } from './names.ts';
import { type Spelling, spellingOf } from './normalizer.ts';
import { type Operation, placeOf } from './operations.ts';
import { viewSteps } from './plan-objects.ts';
import { ordered, parentsFirst } from './plan-order.ts';
import { type TableChanges, tableChanges } from './table-changes.ts';

/**
 * The steps from one state of a SQLite database to another: ALTER TABLE if SQLite supports the change
 * (https://sqlite.org/lang_altertable.html), else the table is rebuilt.
 */
export function planSqlite(from: Snapshot, to: Snapshot): Operation[] {
  const normalizer = spellingOf(to, { names: 'exact' });
  const before = new Map(from.tables.map((table) => [keyOf(table), table]));
  const after = new Map(to.tables.map((table) => [keyOf(table), table]));
  const created = parentsFirst(to.tables.filter((table) => !before.has(keyOf(table))));
  const dropped = parentsFirst(from.tables.filter((table) => !after.has(keyOf(table)))).reverse();
  const steps = [
    ...viewSteps(normalizer, from, to, []),
    ...dropped.map((table): Operation => ({ kind: 'dropTable', table })),
    ...created.flatMap((table): Operation[] => [
      { kind: 'createTable', table },
      ...table.indexes.map((index): Operation => ({ kind: 'createIndex', table: placeOf(table), index })),
      ...table.triggers.map((trigger): Operation => ({ kind: 'createTrigger', table: placeOf(table), trigger })),
    ]),
    ...to.tables.flatMap((table) => {
      const other = before.get(keyOf(table));
      return other === undefined ? [] : alterSteps(normalizer, other, table, [from, to]);
    }),
  ];
  // A table is dropped after those that referenced it are rebuilt: DROP TABLE deletes rows, and that cascades.
  return ordered(steps, { dropTable: 17 });
}

function alterSteps(normalizer: Spelling, from: Table, to: Table, states: readonly Snapshot[]): Operation[] {
  const changes = tableChanges(normalizer, from, to);
  const table = placeOf(to);
  const added = nativeAdditions(changes);
  if (
    added === undefined ||
    !canDropInPlace(from, changes) ||
    !sameOptions(from, to) ||
    changes.changedColumns.length > 0
  ) {
    return [{ kind: 'rebuildTable', from, to, referenced: states.some(({ tables }) => isReferenced(to, tables)) }];
  }
  return [
    ...changes.droppedTriggers.map((trigger): Operation => ({ kind: 'dropTrigger', table, trigger })),
    ...changes.droppedIndexes.map((index): Operation => ({ kind: 'dropIndex', table, index })),
    ...changes.droppedColumns.map((column): Operation => ({ kind: 'dropColumn', table, column })),
    ...added.map(
      ({ column, reference }): Operation => ({ kind: 'addColumn', table, column, ...(reference && { reference }) }),
    ),
    ...changes.addedIndexes.map((index): Operation => ({ kind: 'createIndex', table, index })),
    ...changes.addedTriggers.map((trigger): Operation => ({ kind: 'createTrigger', table, trigger })),
  ];
}

/**
 * The columns that ADD COLUMN supports, with their references; undefined if one of them, or a
 * constraint, needs a rebuild: STORED, NOT NULL without a default, a default that is not a constant, a UNIQUE.
 */
function nativeAdditions({ addedColumns, added, dropped }: TableChanges) {
  if (dropped.length > 0) return undefined;
  const references = new Map<string, ForeignKey>();
  for (const constraint of added) {
    const [name, second] = constraint.kind === 'foreign key' ? constraint.key.columns : [];
    const column = addedColumns.find((one) => one.name === name);
    if (constraint.kind !== 'foreign key' || name === undefined || second !== undefined) return undefined;
    if (column === undefined || column.default !== undefined || references.has(name)) return undefined;
    references.set(name, constraint.key);
  }
  if (!addedColumns.every(canBeAdded)) return undefined;
  return addedColumns.map((column) => ({ column, reference: references.get(column.name) }));
}

function canBeAdded({ nullable, default: text, generated }: Column): boolean {
  if (generated?.stored) return false;
  if (text !== undefined && !/^(?:[-+]?\d[\w.]*|'(?:[^']|'')*'|x'[0-9a-f]*'|null|true|false)$/i.test(text))
    return false;
  return nullable || (text !== undefined && !/^null$/i.test(text));
}

/** DROP COLUMN fails for a column that an index, a constraint, a trigger or another column mentions. */
function canDropInPlace(from: Table, { droppedColumns, droppedIndexes }: TableChanges): boolean {
  if (droppedColumns.length === 0) return true;
  const texts = [
    ...(from.primaryKey?.columns ?? []),
    ...from.uniques.flatMap(({ columns }) => columns),
    ...from.foreignKeys.flatMap(({ columns }) => columns),
    ...from.checks.map(({ expression }) => expression),
    ...from.triggers.map(({ definition }) => definition),
    ...from.columns.flatMap(({ generated }) => generated?.expression ?? []),
    ...from.indexes
      .filter((index) => !droppedIndexes.includes(index))
      .flatMap(({ parts, where = '' }) => [
        where,
        ...parts.map((part) => ('column' in part ? part.column : part.expression)),
      ]),
  ];
  return droppedColumns.every(({ name }) => !texts.some((text) => text === name || mentions(text, name)));
}

function sameOptions(from: Table, to: Table): boolean {
  return JSON.stringify(optionFacts(from)) === JSON.stringify(optionFacts(to));
}

function isReferenced({ name }: Table, tables: readonly Table[]): boolean {
  return tables.some(({ foreignKeys }) =>
    foreignKeys.some(({ references }) => references.table.toLowerCase() === name.toLowerCase()),
  );
}
