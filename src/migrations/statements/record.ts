import { realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { LoadedMigration } from '../../core/model/migration.ts';
import { mainFile } from '../formats/format.ts';
import { placeOfCaller } from './caller.ts';
import type { Recorded } from './read.ts';

/** Limit for the statements of one migration; the recording then ends. */
export const MOST_STATEMENTS = 10_000;

/** Records the statements that migrations send while they run. */
export interface Recorder {
  recorded: ReadonlyMap<string, Recorded>;
  /** A migration starts; if it is started again, the statements that it sent before are discarded. */
  begin(migration: LoadedMigration): void;
  sent(sql: string): void;
  /** The migration that began last has come to its end. */
  complete(): void;
  /** When something was heard last, as `performance.now()` counts. */
  lastActivityAt(): number;
}

/** Statements that only read change nothing, and are omitted from the printed SQL. */
const LOOKING = /^\s*(?:SELECT|PRAGMA\s+\w+\s*(?:\(|;|$)|SHOW|EXPLAIN)\b/i;

/** `most`: code that sends more statements is stopped, because on an empty schema it may wait for rows forever. */
export function recorder(folder: string, most = Number.POSITIVE_INFINITY): Recorder {
  const recorded = new Map<string, Recorded>();
  let current: Recorded = { statements: [], complete: false };
  let count = 0;
  let lastActivityAt = performance.now();
  let file = '';
  let path = '';
  return {
    recorded,
    begin(migration) {
      lastActivityAt = performance.now();
      current = { statements: [], complete: false };
      recorded.set(migration.revision, current);
      count = 0;
      file = mainFile(migration);
      path = pathOf(folder, file);
    },
    sent(sql) {
      lastActivityAt = performance.now();
      count += 1;
      if (count > most) throw new Error(`It sends more than ${most} statements; the recording was stopped.`);
      if (LOOKING.test(sql)) return;
      current.statements.push({ sql: sql.replace(/;\s*$/, ''), position: placeOfCaller(file, path) });
    },
    complete() {
      lastActivityAt = performance.now();
      current.complete = true;
    },
    lastActivityAt: () => lastActivityAt,
  };
}

/** Node names a module by its real path. */
function pathOf(folder: string, file: string): string {
  const path = join(resolve(folder), file);
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
