import type { SequenceObject, Snapshot } from '../model/snapshot.ts';
import { keyOf } from './names.ts';
import type { Operation } from './operations.ts';

const OWNED = 'OWNED BY ';

/** Whether a column owns the sequence that exists in `before` and not in `after`: PostgreSQL drops the sequence with it. */
export function goesWithOwner(
  sequence: SequenceObject,
  before: Pick<Snapshot, 'tables'>,
  after: Pick<Snapshot, 'tables'>,
): boolean {
  return hasOwner(sequence, before) && !hasOwner(sequence, after);
}

/** A sequence may be the default of a column of a new table, and may be owned by one: it is owned after both exist. */
export function createSequenceSteps(sequence: SequenceObject): Operation[] {
  if (sequence.attachedTo === undefined) return [{ kind: 'createSequence', sequence }];
  const { attachedTo: _, options = '', ...rest } = sequence;
  const own = options.slice(0, options.indexOf(OWNED)).trimEnd();
  const bare = { ...rest, ...(own === '' ? {} : { options: own }) };
  return [
    { kind: 'createSequence', sequence: bare },
    { kind: 'alterSequence', from: bare, to: sequence },
  ];
}

function hasOwner({ attachedTo, options = '' }: SequenceObject, { tables }: Pick<Snapshot, 'tables'>): boolean {
  if (attachedTo === undefined) return false;
  const column = lastName(options.slice(options.indexOf(OWNED) + OWNED.length));
  const table = tables.find((one) => keyOf(one) === keyOf(attachedTo));
  return table?.columns.some(({ name }) => name === column) ?? false;
}

/** The column of `public.orders."Id"`, without quotes. */
function lastName(owner: string): string {
  if (!owner.endsWith('"')) return owner.slice(owner.lastIndexOf('.') + 1);
  const inside = owner.slice(0, -1).replaceAll('""', '\0');
  return inside.slice(inside.lastIndexOf('"') + 1).replaceAll('\0', '"');
}
