/** The statements of a command, as they are recorded on the copy and compared on the target. */

import { textStart } from '../../core/model/clip.ts';
import type { Fingerprint, Fingerprinter } from '../../migrations/statements/fingerprint.ts';
import type { RelayedStatement, ServerMessage, SessionObserver } from '../../proxy/proxy.ts';

export interface SentStatement extends Fingerprint {
  /** Its start, if it is long. */
  sql: string;
  /** Number of the session. */
  session: number;
  /** It was sent inside a transaction that was begun before. */
  inTransaction: boolean;
}

export interface SentRecord {
  /** In order; of each fingerprint only the first few. */
  statements: SentStatement[];
  /** The fingerprints of all statements that may change something. */
  writes: Set<string>;
  lastError?: { error: ServerMessage; statement?: string };
  /** True after a transaction with a statement that may change something was committed. */
  committed: boolean;
}

/** Of one fingerprint, and of all. */
const MOST_ALIKE = 3;
const MOST_STATEMENTS = 20_000;
/** Characters of a statement that are kept. */
const LONGEST = 20_000;

export function emptyRecord(): SentRecord {
  return { statements: [], writes: new Set(), committed: false };
}

interface RecorderOptions {
  fingerprint: Fingerprinter;
  /** Refuses a statement, or lets it be sent. */
  gate?(statement: RelayedStatement, fingerprint: Fingerprint): ReturnType<SessionObserver['onStatement']>;
  /** Called before a transaction is committed. */
  beforeCommit?(): Promise<void>;
}

/** One observer for each session; all write to the same record. */
export function recordInto(record: SentRecord, options: RecorderOptions): () => SessionObserver {
  const counts = new Map<string, number>();
  let sessions = 0;
  return () => {
    const session = ++sessions;
    let inTransaction = false;
    let wrote = false;
    return {
      async onStatement(statement) {
        const fingerprint = options.fingerprint(statement.sql, statement.whole);
        const { kind, transaction } = fingerprint;
        const refusal = await options.gate?.(statement, fingerprint);
        if (refusal !== undefined) return refusal;
        if (transaction === 'commit') await options.beforeCommit?.();
        const count = (counts.get(fingerprint.fingerprint) ?? 0) + 1;
        counts.set(fingerprint.fingerprint, count);
        if (kind === 'write') {
          wrote = true;
          record.writes.add(fingerprint.fingerprint);
        }
        if (kind === 'write' && count <= MOST_ALIKE && record.statements.length < MOST_STATEMENTS) {
          record.statements.push({ ...fingerprint, sql: textStart(statement.sql, LONGEST), session, inTransaction });
        }
        if (transaction !== undefined) inTransaction = transaction === 'begin';
        return undefined;
      },
      onError(error, statement) {
        record.lastError = { error, ...(statement === undefined ? {} : { statement: textStart(statement, 1_000) }) };
      },
      onTransaction(committed) {
        if (wrote && committed) record.committed = true;
        wrote = false;
        inTransaction = false;
      },
    };
  };
}
