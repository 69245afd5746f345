import type { EnumType, Snapshot, View } from '../model/snapshot.ts';
import { createSequenceSteps, goesWithOwner } from './attached-sequences.ts';
import { mentions } from './mentions.ts';
import { keyOf } from './names.ts';
import type { Spelling } from './normalizer.ts';
import { enumText, ownSequences, sequenceText, viewText } from './objects.ts';
import { type Operation, placeOf } from './operations.ts';
import { viewsInOrder } from './plan-order.ts';

export function enumSteps(from: Snapshot, to: Snapshot): Operation[] {
  const before = new Map(from.enums.map((type) => [keyOf(type), type]));
  const after = new Map(to.enums.map((type) => [keyOf(type), type]));
  return [
    ...to.enums.filter((type) => !before.has(keyOf(type))).map((type): Operation => ({ kind: 'createEnum', type })),
    ...to.enums.flatMap((type) => {
      const other = before.get(keyOf(type));
      return other === undefined || enumText(other) === enumText(type) ? [] : changedEnum(other, type, to);
    }),
    ...from.enums.filter((type) => !after.has(keyOf(type))).map((type): Operation => ({ kind: 'dropEnum', type })),
  ];
}

/** New values can be inserted anywhere; a removed or moved value needs a new type (ALTER TYPE does not support it). */
function changedEnum(from: EnumType, to: EnumType, after: Snapshot): Operation[] {
  const kept = to.values.filter((value) => from.values.includes(value));
  if (kept.join('\0') !== from.values.join('\0')) {
    const lost = from.values.filter((value) => !to.values.includes(value));
    return [{ kind: 'replaceEnum', from, to, users: usersOf(to, after), lost }];
  }
  const there = [...from.values];
  return to.values.flatMap((value, index): Operation[] => {
    if (there.includes(value)) return [];
    const next = to.values.slice(index + 1).find((other) => there.includes(other));
    const previous = to.values[index - 1];
    there.push(value);
    const place = next !== undefined ? { before: next } : previous === undefined ? undefined : { after: previous };
    return [{ kind: 'addEnumValue', type: to, value, place }];
  });
}

function usersOf({ schema, name }: EnumType, { tables }: Snapshot) {
  const quoted = [name, `"${name}"`];
  const types = new Set([...quoted, ...quoted.flatMap((one) => [`${schema}.${one}`, `"${schema}".${one}`])]);
  return tables.flatMap((table) =>
    table.columns
      .filter(({ type }) => types.has(type.replace(/(?:\[\])+$/, '')))
      .map((column) => ({ table: placeOf(table), column })),
  );
}

export function sequenceSteps(from: Snapshot, to: Snapshot): Operation[] {
  const before = new Map(ownSequences(from).map((one) => [keyOf(one), one]));
  const after = new Map(ownSequences(to).map((one) => [keyOf(one), one]));
  return [
    ...[...after.values()].flatMap((sequence): Operation[] => {
      const other = before.get(keyOf(sequence));
      if (other === undefined) return createSequenceSteps(sequence);
      if (sequenceText(other) === sequenceText(sequence)) return [];
      return [{ kind: 'alterSequence', from: other, to: sequence }];
    }),
    ...[...before.values()]
      .filter((one) => !after.has(keyOf(one)) && !goesWithOwner(one, from, to))
      .map((sequence): Operation => ({ kind: 'dropSequence', sequence })),
  ];
}

/** Views that block the change of a table: all of them, or those that read one of the columns. */
export interface Touched {
  table: string;
  columns?: readonly string[];
}

/** Views that change, and views of changed objects, are dropped first and created last. */
export function viewSteps(
  normalizer: Spelling,
  from: Snapshot,
  to: Snapshot,
  touched: readonly Touched[],
): Operation[] {
  const after = new Map(to.views.map((view) => [keyOf(view), viewText(normalizer, view)]));
  const leaving = new Set<View>();
  const reads = (view: View) =>
    touched.some(
      ({ table, columns }) =>
        mentions(view.definition, table) &&
        (columns === undefined || columns.some((column) => mentions(view.definition, column))),
    ) || [...leaving].some((other) => mentions(view.definition, other.name));
  for (const view of viewsInOrder(from.views)) {
    if (after.get(keyOf(view)) !== viewText(normalizer, view) || reads(view)) leaving.add(view);
  }
  const there = new Set(from.views.filter((view) => !leaving.has(view)).map(keyOf));
  return [
    ...[...leaving].reverse().map((view): Operation => ({ kind: 'dropView', view })),
    ...viewsInOrder(to.views)
      .filter((view) => !there.has(keyOf(view)))
      .map((view): Operation => ({ kind: 'createView', view })),
  ];
}
