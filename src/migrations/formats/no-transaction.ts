import type { Dialect } from '../../core/model/dialect.ts';
import { tokenize } from '../../sql/lexer.ts';

/**
 * A comment with which an author says that the file runs outside a transaction: ours, and those of tools whose files have
 * no other sign. In this order: db-manager, yoyo; postgres-migrations; Atlas; morph; tern; graphile-migrate and pgmigrate; Evolve.
 */
const OPT_OUTS: readonly RegExp[] = [
  /^--[ \t]{0,9}(?:db-manager:[ \t]{0,9})?transaction(?:al)?:[ \t]{0,9}false$/i,
  /^--[ \t]{0,9}postgres-migrations[ \t]{1,9}disable-transaction$/i,
  /^--[ \t]{0,9}atlas:txmode[ \t]{1,9}none$/i,
  /^--[ \t]{0,9}morph:nontransactional$/i,
  /^---- tern: disable-tx ----$/i,
  /^--(?:!|[ \t]{0,9}pgmigrate:)[ \t]{0,9}no-transaction$/i,
  /^--[ \t]{0,9}evolve-tx-off$/i,
];

/** sqlx looks at the first characters of a file only; words may follow. */
const SQLX = '-- no-transaction';

/** Whether a piece of a file says that it runs outside a transaction. A string or a function body says nothing. */
export function saysNoTransaction(text: string, dialect: Dialect): boolean {
  if (text.startsWith(SQLX)) return true;
  if (!/transaction|txmode|-tx/i.test(text)) return false;
  for (const { kind, start, end } of tokenize(text, dialect)) {
    if (kind !== 'comment') continue;
    const comment = text.slice(start, end).trimEnd();
    if (OPT_OUTS.some((pattern) => pattern.test(comment))) return true;
  }
  return false;
}
