import type { Dialect } from '../model/dialect.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { canonicalDefault } from './defaults.ts';
import { canonicalExpression, canonicalStatement } from './expressions.ts';
import { canonicalType } from './types.ts';

/** Normalizes the texts of two snapshots for their comparison. */
export interface Spelling {
  dialect: Dialect;
  /** True if names of constraints and indexes count too: two states of one database. */
  names: boolean;
  type(text: string): string;
  default(text: string | undefined, type: string): string | undefined;
  expression(text: string): string;
  statement(text: string): string;
}

export interface CompareOptions {
  /** `exact`: names of constraints and indexes count. `ignored` (default): only their content. */
  names?: 'exact' | 'ignored';
}

/** Texts in schemas repeat (types, `0`, `now()`), so every text is normalized only once. */
export function spellingOf(
  { dialect }: Pick<Snapshot, 'dialect'>,
  { names = 'ignored' }: CompareOptions = {},
): Spelling {
  const type = remembered((text: string) => canonicalType(dialect, text));
  const expression = remembered((text: string) => canonicalExpression(dialect, text));
  const statement = (text: string) => canonicalStatement(dialect, text);
  return {
    dialect,
    names: names === 'exact',
    type,
    default: (text, of) => canonicalDefault(dialect, text, of),
    expression,
    statement,
  };
}

function remembered(spell: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const spelled = spell(text);
    known.set(text, spelled);
    return spelled;
  };
}
