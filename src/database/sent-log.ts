import type { SentStatements } from '../core/model/migration.ts';

/** Statements that change or read rows, or that belong to a session. All others may change the schema. */
const NOT_SCHEMA =
  /^\s*(?:select|insert|update|delete|merge|with|values|show|explain|begin|commit|rollback|savepoint|release|set\s+(?!schema)|pragma\s+\w+\s*(?:\(|;|$)|lock|analyze|vacuum)\b/i;

/** More than this is not kept. In characters. */
const MOST = 256 * 1024;

export interface SentLog {
  see(sql: string): void;
  /** What was seen until now. */
  sent(): SentStatements;
}

/** The statements of one code migration that change the schema: what the history keeps for a version without the file. */
export function sentLog(): SentLog {
  const statements: string[] = [];
  let size = 0;
  let complete = true;
  return {
    see(sql) {
      const text = sql.trim();
      if (text === '' || NOT_SCHEMA.test(text)) return;
      size += text.length;
      if (size > MOST) complete = false;
      if (complete) statements.push(text);
    },
    sent: () => ({ statements: [...statements], complete }),
  };
}
