import type { SequenceObject, Snapshot } from '../model/snapshot.ts';
import { keyOf } from './names.ts';
import type { Operation } from './operations.ts';

const OWNER = / ?OWNED BY .*$/;

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
  const own = options.replace(OWNER, '');
  const bare = { ...rest, ...(own === '' ? {} : { options: own }) };
  return [
    { kind: 'createSequence', sequence: bare },
    { kind: 'alterSequence', from: bare, to: sequence },
  ];
}

function hasOwner({ attachedTo, options = '' }: SequenceObject, { tables }: Pick<Snapshot, 'tables'>): boolean {
  if (attachedTo === undefined) return false;
  const owner = OWNER.exec(options)?.[0] ?? '';
  const [, quoted, plain] = /\.(?:"((?:[^"]|"")*)"|([^".]*))$/.exec(owner) ?? [];
  const column = quoted?.replaceAll('""', '"') ?? plain;
  const table = tables.find((one) => keyOf(one) === keyOf(attachedTo));
  return table?.columns.some(({ name }) => name === column) ?? false;
}
