/**
 * Findings of the rehearsal: what happened on the copy, and its meaning for production. Pure.
 */
import { count } from '../model/count.ts';
import type { MigrationEffects } from '../model/effects.ts';
import type { Finding } from '../model/finding.ts';
import type { Rule } from './rule.ts';

/** A rule that checks the result on the copy, not statements. */
export type ObservedRule = Pick<Rule, 'id' | 'topic' | 'title' | 'why' | 'severity'>;

export const ROWS_LOST: ObservedRule = {
  id: 'observed-rows-lost',
  topic: 'data',
  title: 'Rows were lost on the copy, in a table that the migration does not mention.',
  why: 'A cascade, a trigger or a rebuild deleted rows of a table that no statement mentions. The run ends with RowsLost before production is changed; if the rule is ignored, it continues.',
  severity: 'error',
};

const TABLE_REWRITTEN: ObservedRule = {
  id: 'observed-table-rewritten',
  topic: 'locks',
  title: 'A table with rows was rewritten on the copy.',
  why: 'The server copies every row and rebuilds every index of the table: all reads and writes are blocked until it finishes. It also needs disk space for a second copy of the table.',
  severity: 'warning',
};

const LOCK_HELD: ObservedRule = {
  id: 'observed-lock-held',
  topic: 'locks',
  title: 'A lock that blocks other sessions was held for a second or more.',
  why: 'A lock is held until the transaction ends, so every later statement of the migration extends the time for which other sessions wait. Waiting sessions queue up and exhaust the connection pool.',
  severity: 'warning',
};

const SLOW: ObservedRule = {
  id: 'observed-slow',
  topic: 'locks',
  title: 'A migration took half a minute or more on the copy.',
  why: 'A long transaction prevents VACUUM from removing old rows and delays replicas, and a rollback discards all of its work. Fill rows in batches, outside the migration that changes the schema.',
  severity: 'notice',
};

export const DOWNGRADE_LOSES_ROWS: ObservedRule = {
  id: 'downgrade-loses-rows',
  topic: 'data',
  title: 'A downgrade that unknownApplied requires would lose rows.',
  why: 'The files of an older version lack an applied migration. Its down drops a table or a column that is not empty, or deletes rows. The run ends with RowsLost, unless the plan is approved by its digest.',
  severity: 'error',
};

/** The only list. */
export const OBSERVED_RULES: readonly ObservedRule[] = [
  ROWS_LOST,
  DOWNGRADE_LOSES_ROWS,
  TABLE_REWRITTEN,
  LOCK_HELD,
  SLOW,
];

/** Of a table in production. */
interface TableSize {
  /** As the server estimates it; absent if it has rows but no estimate. */
  rows?: number;
  bytes?: number;
}

export interface RehearsalObservation {
  mode: 'Full' | 'SchemaOnly';
  effects: readonly MigrationEffects[];
  /** By `schema.table`. */
  sizes: ReadonlyMap<string, TableSize>;
  ignore: readonly string[];
}

const LONG_LOCK_SECONDS = 1;
const SLOW_SECONDS = 30;

/** Lock modes that block other sessions: the last one blocks reads and writes, the others block writes. */
const BLOCKS: Record<string, string> = {
  ShareLock: 'writes are blocked',
  ShareRowExclusiveLock: 'writes are blocked',
  ExclusiveLock: 'writes are blocked',
  AccessExclusiveLock: 'all reads and writes are blocked',
};

export function observedFindings({ mode, effects, sizes, ignore }: RehearsalObservation): Finding[] {
  const findings = effects.flatMap((effect) => [
    ...rewrites(effect, mode, sizes),
    ...(mode === 'Full' ? [...locks(effect, sizes), ...slow(effect)] : []),
  ]);
  return findings.filter(({ rule }) => !ignore.includes(rule));
}

function rewrites(
  { revision, seconds, rewrites }: MigrationEffects,
  mode: string,
  sizes: RehearsalObservation['sizes'],
) {
  return rewrites.flatMap((table) => {
    const size = sizes.get(table);
    // Rewriting an empty table takes no time.
    if (size === undefined || size.rows === 0) return [];
    const estimate =
      mode === 'Full'
        ? `the migration took ${time(seconds)} there; production has the same rows, so expect at least the same time, and more on a busy server`
        : 'the copy had no rows, so the duration in production is unknown';
    return finding(TABLE_REWRITTEN, revision, {
      message: `${plain(table)} was rewritten on the copy: ${describe(size)} in production, and other sessions are blocked until it finishes. ${capital(estimate)}.`,
      advice:
        'Add a column, fill it in batches and switch over; or run it while the application is stopped. To rehearse it with rows: safety.rehearsal: Full',
    });
  });
}

function locks({ revision, seconds: whole, locks, rewrites }: MigrationEffects, sizes: RehearsalObservation['sizes']) {
  return locks.flatMap(({ table, mode, seconds = whole }) => {
    const who = BLOCKS[mode];
    const size = sizes.get(table);
    if (who === undefined || seconds < LONG_LOCK_SECONDS || size === undefined || size.rows === 0) return [];
    // Already covered by the finding about the rewrite.
    if (rewrites.includes(table)) return [];
    return finding(LOCK_HELD, revision, {
      message: `${plain(table)} (${describe(size)}) was under ${mode} for ${time(seconds)} until the end of the migration: ${who}. Production has the same rows, so expect the same time.`,
      advice:
        'Move the statement that takes the lock to the end or to a separate migration, and slow statements before it.',
    });
  });
}

function slow({ revision, seconds, statements }: MigrationEffects) {
  if (seconds < SLOW_SECONDS) return [];
  return [
    finding(SLOW, revision, {
      message: `It took ${time(seconds)} for ${count(statements, 'statement')} on the copy; production has the same rows, so expect at least the same time, and more on a busy server.`,
      advice: 'Change the rows in batches outside the transaction, or schedule a maintenance window.',
    }),
  ];
}

function finding(rule: ObservedRule, migration: string, draft: Pick<Finding, 'message' | 'advice'>): Finding {
  return { rule: rule.id, severity: rule.severity, ...draft, migration };
}

function describe({ rows, bytes }: TableSize): string {
  const known = [
    ...(rows === undefined ? [] : [`about ${count(rows, 'row')}`]),
    ...(bytes === undefined ? [] : [`${(bytes / 1e6).toLocaleString('en', { maximumFractionDigits: 1 })} MB`]),
  ];
  return known.length === 0 ? 'of unknown size' : known.join(', ');
}

function time(seconds: number): string {
  if (seconds >= 120) return `${Math.round(seconds / 60)} minutes`;
  return seconds >= 10 ? `${Math.round(seconds)} s` : `${seconds.toFixed(1)} s`;
}

/** `public.orders` is shown as orders. */
function plain(table: string): string {
  return table.replace(/^(?:public|main)\./, '');
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
