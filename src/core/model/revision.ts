/** A migration's name without extension, for example `20240601120000_add_orders`. */
export type Revision = string & { readonly __brand: 'Revision' };

/** Where a database stands: a revision, or `base` before the first migration. */
export type Position = Revision | 'base';

/** Where a run should end. `+N` and `-N` count from the current revision; a name may be a unique prefix. */
export type Target =
  | { kind: 'head' }
  | { kind: 'base' }
  | { kind: 'name'; text: string }
  | { kind: 'relative'; by: number };

/** The longest revision that every history table and Kubernetes field can carry, in characters. */
export const MAX_REVISION_LENGTH = 200;

const REVISION = /^[A-Za-z0-9][A-Za-z0-9_.\-/]*$/;

/** The revision, or undefined where the text cannot be one (empty, too long, odd characters). */
export function parseRevision(text: string): Revision | undefined {
  return REVISION.test(text) && text.length <= MAX_REVISION_LENGTH && !text.includes('..')
    ? (text as Revision)
    : undefined;
}

/** Parses `head`, `base`, `+N`, `-N`, a revision or the start of one; undefined where it is none of these. */
export function parseTarget(text: string): Target | undefined {
  if (text === 'head' || text === 'base') return { kind: text };
  if (/^[+-]\d{1,6}$/.test(text)) return { kind: 'relative', by: Number(text) };
  return parseRevision(text) === undefined ? undefined : { kind: 'name', text };
}
