/** Several migrations in one message: complete transactions one after the other, with a reset of the session after each. */
import type { AdvisoryKey } from './advisory.ts';
import { FLUSH, messagesOf } from './pipeline.ts';

/** The statements of an author and the change of the history that belongs to them. */
export interface Transaction {
  statements: readonly string[];
  change: string;
}

/** What one statement of such a message is; `number` counts the author's statements from 0. */
type Part =
  | { index: number; kind: 'begin' | 'ours' | 'commit' | 'reset' }
  | { index: number; kind: 'author'; number: number };

interface Message {
  messages: Buffer;
  /** One for each statement, in their order. */
  parts: readonly Part[];
}

/** As the role that connected, regardless of the role that the migration has set. */
export const OWN_ROLE: readonly string[] = ['RESET SESSION AUTHORIZATION', 'RESET ROLE'];

/**
 * What DISCARD ALL does (PostgreSQL manual), one by one: it cannot go in one message with others, and plans need not be
 * thrown away. Session-level advisory locks are not here.
 */
export const START_OVER: readonly string[] = [
  ...OWN_ROLE,
  'RESET ALL',
  'CLOSE ALL',
  'UNLISTEN *',
  'DEALLOCATE ALL',
  'DISCARD SEQUENCES',
  'DISCARD TEMP',
];

/** For `messageOf`: what is the same in each message of a session. */
interface Frame {
  begin: Buffer;
  own: Buffer;
  reset: { messages: Buffer; statements: number };
  commit: Buffer;
  key: string;
}

export function frameOf(settings: readonly string[], key: AdvisoryKey): Frame {
  const reset = ['BEGIN', ...START_OVER, ...settings];
  return {
    begin: messagesOf('BEGIN'),
    own: messagesOf(...OWN_ROLE),
    reset: { messages: messagesOf(...reset), statements: reset.length },
    commit: messagesOf('COMMIT'),
    key: key.join(', '),
  };
}

/** Migrations. To send answers after each takes a fifth of the server's time for a small migration. */
const FLUSH_EVERY = 4;

/** The server's clock in microseconds. Not as a number with a fraction: `extra_float_digits` may take its digits away. */
export const SERVER_TIME = '(extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint';

/** The columns of the last row of a message: whether the session has its lock, and `SERVER_TIME`. */
export const ROW = { locked: 2, time: 3 } as const;

/**
 * The messages of these transactions. The server skips all that follows an error, also the transactions after it. So does an
 * error of the reset between two of them, which reports that the time `until` (seconds of the server's clock) has passed.
 */
export function messageOf(
  transactions: readonly Transaction[],
  { begin, own, reset, commit, key }: Frame,
  until: number,
): Message {
  const buffers: Buffer[] = [];
  const parts: Part[] = [];
  const add = (buffer: Buffer, part: Part, count = 1) => {
    buffers.push(buffer);
    for (let n = 0; n < count; n += 1) parts.push(part);
  };
  const between = messagesOf(relock(key, until));
  const last = messagesOf(relock(key));
  for (const [index, { statements, change }] of transactions.entries()) {
    const ours: Part = { index, kind: 'ours' };
    const resets: Part = { index, kind: 'reset' };
    add(begin, { index, kind: 'begin' });
    // The answers in between show what runs, and which statement is waiting for a lock.
    if (index > 0 && index % FLUSH_EVERY === 0) buffers.push(FLUSH);
    for (const [number, sql] of statements.entries()) {
      add(messagesOf(sql), { index, kind: 'author', number });
      if (number < statements.length - 1) buffers.push(FLUSH);
    }
    // A limit that the author has set is for the statements of the author.
    if (statements.some((sql) => /timeout/i.test(sql))) add(messagesOf('SET LOCAL statement_timeout = 0'), ours);
    add(own, ours, OWN_ROLE.length);
    add(messagesOf(change), ours);
    add(commit, { index, kind: 'commit' });
    add(reset.messages, resets, reset.statements);
    add(index === transactions.length - 1 ? last : between, resets);
    add(commit, resets);
  }
  return { messages: Buffer.concat(buffers), parts };
}

/**
 * Gives up the locks of the session that a migration has taken, but never the one of `fence`: the transaction holds it while
 * the session does not. The columns of a row are evaluated in their order.
 */
function relock(key: string, until?: number): string {
  const inTime =
    until === undefined ? '' : ` AND pg_catalog.clock_timestamp() < pg_catalog.to_timestamp(${until.toFixed(3)})`;
  return `SELECT pg_catalog.pg_try_advisory_xact_lock(${key}), pg_catalog.pg_advisory_unlock_all(),
    (CASE WHEN pg_catalog.pg_try_advisory_lock(${key})${inTime} THEN 'true' ELSE '${PAUSE}' END)::bool,
    ${SERVER_TIME}`;
}

/** The server logs it as an error of the cast to boolean: there is no other way to skip what was already sent. */
const PAUSE = 'db-manager pauses between two migrations';
