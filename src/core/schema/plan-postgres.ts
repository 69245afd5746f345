import type { Snapshot, Table } from '../model/snapshot.ts';
import { mentions } from './mentions.ts';
import { keyOf } from './names.ts';
import { type Spelling, spellingOf } from './normalizer.ts';
import type { Constraint, Operation } from './operations.ts';
import { placeOf } from './operations.ts';
import { enumSteps, sequenceSteps, type Touched, viewSteps } from './plan-objects.ts';
import { ordered, parentsFirst } from './plan-order.ts';
import { reusingSequences } from './serial-sequences.ts';
import { type ColumnChange, constraintsOf, nameOf, type TableChanges, tableChanges } from './table-changes.ts';

/** The steps from one state of a PostgreSQL database to another; everything is altered in place. */
export function planPostgres(from: Snapshot, to: Snapshot): Operation[] {
  const normalizer = spellingOf(to, { names: 'exact' });
  const before = new Map(from.tables.map((table) => [keyOf(table), table]));
  const after = new Map(to.tables.map((table) => [keyOf(table), table]));
  const created = parentsFirst(to.tables.filter((table) => !before.has(keyOf(table))));
  const dropped = parentsFirst(from.tables.filter((table) => !after.has(keyOf(table)))).reverse();
  const kept = to.tables.flatMap((table) => {
    const other = before.get(keyOf(table));
    return other === undefined ? [] : [{ from: other, to: table, changes: changesOf(normalizer, other, table) }];
  });
  const enums = enumSteps(from, to);
  const touched: Touched[] = [
    ...kept.map(({ to: { name }, changes }) => ({ table: name, columns: blockedByViews(changes) })),
    ...dropped.map(({ name }) => ({ table: name })),
    ...enums.flatMap((step) =>
      step.kind === 'replaceEnum'
        ? step.users.map(({ table, column }) => ({ table: table.name, columns: [column.name] }))
        : [],
    ),
  ];
  const schemas = new Set(from.tables.map(({ schema }) => schema));
  const newSchemas = new Set([...to.tables, ...to.enums].map(({ schema }) => schema).filter((one) => one !== 'public'));
  const steps = [
    ...[...newSchemas]
      .filter((one) => !schemas.has(one))
      .map((schema): Operation => ({ kind: 'createSchema', schema })),
    ...enums,
    ...sequenceSteps(from, to),
    ...viewSteps(normalizer, from, to, touched),
    ...dropped.flatMap((table) => dropSteps(table, dropped)),
    ...created.flatMap((table) => createSteps(table, created)),
    ...kept.flatMap(({ from: old, to: table, changes }) => alterSteps(old, table, changes)),
  ];
  return ordered(reusingSequences(steps, from));
}

/** A table is created with all its parts except foreign keys to later tables, its indexes and triggers. */
function createSteps(table: Table, created: readonly Table[]): Operation[] {
  const place = placeOf(table);
  const later = new Set(created.slice(created.indexOf(table) + 1).map(keyOf));
  const waits = ({ references }: Table['foreignKeys'][number]) =>
    later.has(keyOf({ schema: references.schema, name: references.table }));
  return [
    { kind: 'createTable', table: { ...table, foreignKeys: table.foreignKeys.filter((key) => !waits(key)) } },
    ...table.foreignKeys
      .filter(waits)
      .map((key): Operation => ({ kind: 'addConstraint', table: place, constraint: { kind: 'foreign key', key } })),
    ...table.indexes.map((index): Operation => ({ kind: 'createIndex', table: place, index })),
    ...table.triggers.map((trigger): Operation => ({ kind: 'createTrigger', table: place, trigger })),
  ];
}

/** Children are dropped first; in a cycle a foreign key has to be dropped before. */
function dropSteps(table: Table, dropped: readonly Table[]): Operation[] {
  const place = placeOf(table);
  const earlier = new Set(dropped.slice(0, dropped.indexOf(table)).map(keyOf));
  const cyclic = dropped
    .slice(dropped.indexOf(table) + 1)
    .flatMap((other) => other.foreignKeys.map((key) => ({ other, key })))
    .filter(({ key: { references } }) => keyOf({ schema: references.schema, name: references.table }) === keyOf(table));
  return [
    ...cyclic
      .filter(({ other }) => !earlier.has(keyOf(other)))
      .map(
        ({ other, key }): Operation => ({
          kind: 'dropConstraint',
          table: placeOf(other),
          constraint: { kind: 'foreign key', key },
        }),
      ),
    { kind: 'dropTable', table: { ...table, schema: place.schema } },
  ];
}

function alterSteps(from: Table, to: Table, changes: TableChanges): Operation[] {
  const table = placeOf(to);
  const dropped = new Set(changes.droppedColumns.map(({ name }) => name));
  return [
    ...changes.droppedTriggers.map((trigger): Operation => ({ kind: 'dropTrigger', table, trigger })),
    ...changes.dropped.map((constraint): Operation => ({ kind: 'dropConstraint', table, constraint })),
    ...changes.droppedIndexes.map((index): Operation => ({ kind: 'dropIndex', table, index })),
    ...from.columns
      .filter(({ name }) => dropped.has(name))
      .map((column): Operation => ({ kind: 'dropColumn', table, column })),
    ...changes.addedColumns.map((column): Operation => ({ kind: 'addColumn', table, column })),
    ...changes.changedColumns.map((change): Operation => ({ kind: 'alterColumn', table, ...change })),
    ...changes.added.map((constraint): Operation => ({ kind: 'addConstraint', table, constraint })),
    ...changes.validated.map(({ name }): Operation => ({ kind: 'validateConstraint', table, name })),
    ...changes.addedIndexes.map((index): Operation => ({ kind: 'createIndex', table, index })),
    ...changes.addedTriggers.map((trigger): Operation => ({ kind: 'createTrigger', table, trigger })),
    ...(from.comment === to.comment ? [] : [{ kind: 'commentTable' as const, table, comment: to.comment }]),
  ];
}

/**
 * The changes, with drop and add for what PostgreSQL cannot alter: a generated column's expression, and a
 * generated column that reads a column whose type changes. Objects that depend on such a column are recreated.
 */
function changesOf(normalizer: Spelling, from: Table, to: Table): TableChanges {
  const changes = tableChanges(normalizer, from, to);
  const retyped = changes.changedColumns
    .filter(({ properties }) => properties.includes('type'))
    .map((one) => one.to.name);
  const replaced = to.columns.filter((column) => {
    const other = from.columns.find(({ name }) => name === column.name);
    const change = changes.changedColumns.find((one) => one.to.name === column.name);
    if (other === undefined) return false;
    if (change?.properties.includes('generated')) return true;
    const reads = column.generated?.expression;
    return reads !== undefined && retyped.some((name) => name === column.name || mentions(reads, name));
  });
  if (replaced.length === 0) return changes;
  const names = replaced.map(({ name }) => name);
  const uses = (columns: readonly string[], text = '') =>
    columns.some((name) => names.includes(name)) || names.some((name) => mentions(text, name));
  const hangs = (one: Constraint) =>
    one.kind === 'check'
      ? uses([], one.check.expression)
      : one.kind === 'exclusion'
        ? uses([], one.exclusion.definition)
        : uses(one.key.columns);
  const indexUses = ({ parts, include, where }: Table['indexes'][number]) =>
    uses([...parts.flatMap((part) => ('column' in part ? [part.column] : [])), ...include], where) ||
    parts.some((part) => 'expression' in part && uses([], part.expression));
  const again = <T>(list: readonly T[], other: readonly T[], test: (one: T) => boolean) => [
    ...new Set([...list, ...other.filter(test)]),
  ];
  const plain = (change: ColumnChange) => !names.includes(change.to.name);
  const droppedNames = new Set(changes.dropped.map(nameOf));
  return {
    ...changes,
    changedColumns: changes.changedColumns.filter(plain),
    droppedColumns: [...changes.droppedColumns, ...from.columns.filter(({ name }) => names.includes(name))],
    addedColumns: [...changes.addedColumns, ...replaced],
    dropped: [...changes.dropped, ...constraintsOf(from).filter((one) => hangs(one) && !droppedNames.has(nameOf(one)))],
    added: again(
      changes.added,
      constraintsOf(to).filter((one) => !changes.added.some((other) => nameOf(other) === nameOf(one))),
      hangs,
    ),
    droppedIndexes: again(changes.droppedIndexes, from.indexes, indexUses),
    addedIndexes: again(changes.addedIndexes, to.indexes, indexUses),
  };
}

/** A view blocks changes of the columns that it reads: types, drops and replacements. */
function blockedByViews({ droppedColumns, changedColumns }: TableChanges): string[] {
  const retyped = changedColumns.flatMap(({ from, properties }) => (properties.includes('type') ? [from] : []));
  return [...droppedColumns, ...retyped].map(({ name }) => name);
}
