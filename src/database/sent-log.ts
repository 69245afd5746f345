import type { Dialect } from '../core/model/dialect.ts';
import type { SentStatements } from '../core/model/migration.ts';
import { piecesOf } from '../sql/pieces.ts';

/** Statements that change or read rows, or that belong to a session. All others may change the schema. */
const NOT_SCHEMA =
  /^(?:(?:select|insert|update|delete|merge|with|values|table|show|explain|begin|commit|rollback|savepoint|release|lock|analyze|vacuum)\b|set\s+(?!schema\b|.*search_path)|pragma\s+(?!writable_schema)\w+\s*(?:\(|$))/is;

/** More than this is not kept. In characters. */
const MOST = 256 * 1024;

export interface SentLog {
  see(sql: string): void;
  /** The statements so far. */
  sent(): SentStatements;
}

/**
 * The statements of one code migration that change the schema: what the history keeps for a version without the file.
 * Values in rows are not kept. `effectQuery`: what is kept of a SELECT.
 */
export function sentLog(dialect: Dialect, effectQuery = (_sql: string): string | undefined => undefined): SentLog {
  const statements: string[] = [];
  let size = 0;
  let complete = true;
  return {
    see(sql) {
      for (const piece of piecesOf(sql, dialect)) {
        const text = NOT_SCHEMA.test(piece) ? (/^select\b/i.test(piece) ? effectQuery(piece) : undefined) : piece;
        if (text === undefined) continue;
        size += text.length;
        if (size > MOST) complete = false;
        if (complete) statements.push(text);
      }
    },
    sent: () => ({ statements: [...statements], complete }),
  };
}
