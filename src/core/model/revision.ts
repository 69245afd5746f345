/** A migration's name without extension, for example `20240601120000_add_orders`. */
export type Revision = string & { readonly __brand: 'Revision' };

/** The state of a database: a revision, or `base` before the first migration. */
export type Position = Revision | 'base';

/** The revision that a run should reach. `+N` and `-N` count from the current revision; a name may be a unique prefix. */
export type Target =
  | { kind: 'head' }
  | { kind: 'base' }
  | { kind: 'name'; text: string }
  | { kind: 'relative'; by: number };

/** A repeatable migration of Flyway, `R__views`: it has no version and runs again whenever its file changes. */
export function isRepeatable(revision: string): boolean {
  return revision.startsWith('R__');
}

/** The longest revision that fits into every history table and Kubernetes field, in characters. */
const MAX_REVISION_LENGTH = 200;

const REVISION = /^[A-Za-z0-9][A-Za-z0-9_.\-/]*$/;

/** The revision, or undefined if the text cannot be one (empty, too long, invalid characters). */
export function parseRevision(text: string): Revision | undefined {
  return REVISION.test(text) && text.length <= MAX_REVISION_LENGTH && !text.includes('..')
    ? (text as Revision)
    : undefined;
}

/**
 * The revision of a file: its name without suffix. Other tools accept any character, so each run of those that a
 * revision cannot contain is one `_`: `V2__a b` is `V2__a_b`. Undefined if nothing is left, or if it is too long.
 */
export function revisionOfName(stem: string): Revision | undefined {
  const itself = parseRevision(stem);
  if (itself !== undefined && !stem.includes('/')) return itself;
  const plain = stem.replace(/[^A-Za-z0-9_.-]+/g, '_').replace(/\.{2,}/g, '.');
  return parseRevision(plain.replace(/^[_.-]+/, ''));
}

/** Parses `head`, `base`, `+N`, `-N`, a revision or a prefix of one; undefined for any other text. */
export function parseTarget(text: string): Target | undefined {
  if (text === 'head' || text === 'base') return { kind: text };
  if (/^[+-]\d{1,6}$/.test(text)) return { kind: 'relative', by: Number(text) };
  return parseRevision(text) === undefined ? undefined : { kind: 'name', text };
}
