import type { Table, View } from '../model/snapshot.ts';
import { mentions } from './mentions.ts';
import { keyOf } from './names.ts';
import type { Constraint, Operation } from './operations.ts';

/**
 * The order of steps: first everything that blocks other steps is dropped, children before parents; then new objects
 * are created, parents before children. Steps of one rank keep their order.
 */
const RANKS: Record<Operation['kind'], number> = {
  renameTable: 0,
  renameColumn: 0,
  createSchema: 1,
  dropView: 2,
  dropTrigger: 3,
  dropConstraint: 5,
  dropIndex: 6,
  dropTable: 8,
  dropColumn: 9,
  createEnum: 10,
  addEnumValue: 10,
  replaceEnum: 11,
  createSequence: 11,
  alterSequence: 11,
  createTable: 12,
  addColumn: 13,
  validateConstraint: 14,
  alterColumn: 15,
  rebuildTable: 16,
  dropEnum: 19,
  dropSequence: 19,
  addConstraint: 20,
  createIndex: 22,
  createTrigger: 24,
  createView: 25,
  commentTable: 26,
};

function rankOf(operation: Operation, proven: ReadonlySet<string>): number {
  const rank = RANKS[operation.kind];
  if (operation.kind === 'alterSequence') return rankOfSequence(operation, rank);
  if (operation.kind === 'dropConstraint') {
    if (operation.constraint.kind === 'foreign key') return 4;
    const column = columnOfProof(operation.constraint);
    return column !== undefined && proven.has(`${keyOf(operation.table)}.${column}`) ? 18 : rank;
  }
  if (operation.kind === 'addConstraint' && operation.constraint.kind === 'foreign key') return 23;
  // A generated column reads other columns, which must exist with their final type.
  const generated = 'column' in operation && operation.column.generated !== undefined;
  if (generated && operation.kind === 'addColumn') return 17;
  return generated && operation.kind === 'dropColumn' ? 7 : rank;
}

/** A column has to exist before it can own a sequence; a sequence that stays is taken from a column before that is dropped. */
function rankOfSequence({ from, to }: Operation & { kind: 'alterSequence' }, rank: number): number {
  if (to.attachedTo !== undefined) return 14;
  return from.attachedTo === undefined ? rank : 7;
}

/** Of `CHECK (column IS NOT NULL)`: with it SET NOT NULL needs no scan, so it is dropped only afterwards. */
function columnOfProof(constraint: Constraint): string | undefined {
  if (constraint.kind !== 'check') return undefined;
  const text = /^\(*("(?:[^"]|"")+"|[^"()\s]+) IS NOT NULL\)*$/i.exec(constraint.check.expression)?.[1];
  return text?.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}

/** Columns whose nullability changes, as `schema.table.column`. */
function provenColumns(operations: readonly Operation[]): Set<string> {
  return new Set(
    operations.flatMap((one) =>
      one.kind === 'alterColumn' && one.properties.includes('nullable') ? [`${keyOf(one.table)}.${one.to.name}`] : [],
    ),
  );
}

/** `own`: ranks that are specific to a database. */
export function ordered(operations: readonly Operation[], own: Partial<typeof RANKS> = {}): Operation[] {
  const proven = provenColumns(operations);
  const ranks = new Map(operations.map((operation) => [operation, own[operation.kind] ?? rankOf(operation, proven)]));
  return [...operations].sort((a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0));
}

/** Parents first: referenced tables, and the parent of a partition, come before a table, unless there is a cycle. */
export function parentsFirst(tables: readonly Table[]): Table[] {
  return sortedBy(tables, (table) => [
    ...table.foreignKeys.map(({ references }) => keyOf({ schema: references.schema, name: references.table })),
    ...(table.partition?.of === undefined
      ? []
      : [
          table.partition.of.includes('.')
            ? table.partition.of
            : keyOf({ schema: table.schema, name: table.partition.of }),
        ]),
  ]);
}

/** A view that reads another one comes after it. */
export function viewsInOrder(views: readonly View[]): View[] {
  return sortedBy(views, (view) =>
    views.filter((other) => other !== view && mentions(view.definition, other.name)).map(keyOf),
  );
}

function sortedBy<T extends { schema: string; name: string }>(items: readonly T[], needs: (item: T) => string[]): T[] {
  const byName = new Map(items.map((item) => [keyOf(item), item]));
  const done = new Set<T>();
  const visiting = new Set<T>();
  const visit = (item: T) => {
    if (done.has(item) || visiting.has(item)) return;
    visiting.add(item);
    for (const name of needs(item)) {
      const other = byName.get(name);
      if (other !== undefined) visit(other);
    }
    done.add(item);
  };
  for (const item of items) visit(item);
  return [...done];
}
