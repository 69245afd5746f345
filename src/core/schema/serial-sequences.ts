/** The sequence of a serial column that still exists, after its column has lost the default or the ownership. */
import type { Snapshot } from '../model/snapshot.ts';
import type { Difference } from './difference.ts';
import { keyOf } from './names.ts';
import { ownSequences } from './objects.ts';
import type { Operation } from './operations.ts';

/** The name that PostgreSQL gives the sequence of a serial column, if it does not have to shorten it. */
export const serialSequence = (table: { schema: string; name: string }, column: string) => ({
  schema: table.schema,
  name: `${table.name}_${column}_seq`,
});

/** A column that becomes serial takes such a sequence with its position, instead of a new one of the same name. */
export function reusingSequences(operations: readonly Operation[], from: Snapshot): Operation[] {
  const free = new Set(ownSequences(from).map(keyOf));
  const reused = new Set<string>();
  const taking = operations.map((operation): Operation => {
    if (operation.kind !== 'alterColumn' || operation.to.serial !== true) return operation;
    const key = keyOf(serialSequence(operation.table, operation.to.name));
    if (!operation.properties.includes('automatic value') || !free.has(key)) return operation;
    reused.add(key);
    return { ...operation, reuseSequence: true };
  });
  return taking.filter((one) => one.kind !== 'dropSequence' || !reused.has(keyOf(one.sequence)));
}

/** The differences without the sequences that the fix of another difference takes: `DROP SEQUENCE` does not fix them. */
export function withoutReused(differences: readonly Difference[], expected: Snapshot): Difference[] {
  const tables = new Map(expected.tables.map((one) => [keyOf(one), one]));
  const taken = new Set(
    differences.flatMap(({ object, property, table, name = '' }) => {
      if (object !== 'column' || property !== 'automatic value') return [];
      const wanted = tables.get(table);
      const isSerial = wanted?.columns.some((column) => column.name === name && column.serial === true) === true;
      return wanted === undefined || !isSerial ? [] : [keyOf(serialSequence(wanted, name))];
    }),
  );
  return differences.filter(
    ({ kind, object, table }) => kind !== 'extra' || object !== 'sequence' || !taken.has(table),
  );
}
