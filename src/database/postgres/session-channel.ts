import type { MigrationWork } from '../port.ts';
import { keyOf } from './advisory.ts';
import { type BlockerWatch, watchBlockers } from './blockers.ts';
import type { PostgresConnection } from './connection.ts';
import type { Client } from './driver.ts';
import { reasonOf } from './errors.ts';
import { fence } from './exclusive-session.ts';
import { pipeline } from './pipeline.ts';
import { type ServerClock, serverClock } from './server-clock.ts';
import { applySettings, areRestored, migrationSettings, startupOptions } from './settings.ts';
import { frameOf, messageOf, ROW, SERVER_TIME, START_OVER, type Transaction } from './whole.ts';

/** Called with the index of a transaction. */
interface Heard {
  begun(index: number): void;
  /** The author's statement with this number succeeded. */
  statement(index: number, number: number): void;
  committed(index: number): void;
}

type Sent =
  /** All are committed. */
  | { kind: 'all' }
  /** Those that were reported are committed; the others were not run. */
  | { kind: 'paused' }
  /** The next one after those that were reported failed, or the connection was lost. Its transaction may be open. */
  | { kind: 'failed'; error: unknown };

/** A run that is stopped, or killed, runs at most this long what was already sent, and then the current migration. */
const PAUSE_AFTER_MS = 200;

/** The connection of one session: its statements, how long one may wait, and the handling of a broken connection. */
interface Channel {
  client(): Client;
  /** Process id of its session on the server. */
  pid(): number;
  /** After a statement that succeeded: `I` outside a transaction, `T` inside, `E` inside one that an error has aborted. */
  status(): 'I' | 'T' | 'E' | null;
  /**
   * Keeps statements of our own until `flush`, which sends them together to save round trips. They are never in one
   * message with a statement of an author, because unterminated text of the author would swallow them.
   */
  prepend(...statements: string[]): void;
  /** Sends what was kept, and a last one; the command tag of the last. */
  flush(last?: string): Promise<string>;
  /** Sends a statement alone; its command tag. */
  send(sql: string): Promise<string>;
  /**
   * Sends complete transactions in one round trip, and resets the session after each as `startOver` does. `transactionsAt`
   * gets the server's time, in seconds, when the message arrives. A transaction that begins more than `PAUSE_AFTER_MS` later
   * is not run.
   */
  sendWhole(transactionsAt: (arrival: number) => readonly Transaction[], heard: Heard): Promise<Sent>;
  /** Runs a statement and checks during that time which sessions block it. */
  watched<T>(run: () => Promise<T>): Promise<T>;
  /** The same without a lock timeout. */
  withoutLockTimeout<T>(run: () => Promise<T>): Promise<T>;
  /** The sessions that blocked the last statement, as text. */
  blockers(): string | undefined;
  /** Notes statements that may change the session's settings. */
  seeSettings(sql: string): void;
  /** Resets the session to its initial state, so that a migration behaves the same after others as alone. */
  startOver(): Promise<void>;
  /** Never throws: a lost connection has rolled back, and the next migration gets a new one. */
  rollback(): Promise<void>;
  /** A new connection in place of this one, once the server has ended the old session. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

export async function openChannel(
  open: PostgresConnection,
  { timeouts, runId, onRetry }: Pick<MigrationWork, 'timeouts' | 'runId' | 'onRetry'>,
): Promise<Channel> {
  const settings = migrationSettings(open.version, timeouts, open.target);
  const key = keyOf('migrating', open.target.schemas[0] ?? 'public');
  const clock = serverClock();
  let { client, pid, restored } = await connect(open, runId, settings, clock);
  let frame = frameOf(restored ? [] : settings, key);
  let waiting: string[] = [];
  let settingsChanged = false;
  let used = false;
  let watch: BlockerWatch | undefined;

  const send = async (sql: string): Promise<string> => {
    used = true;
    const results: unknown = await client.query(sql);
    return commandOf(Array.isArray(results) ? results.at(-1) : results);
  };
  const startWatch = (lockTimeout = timeouts.lock) =>
    watchBlockers(open.client, pid, lockTimeout, (who) => {
      if (lockTimeout === 0) onRetry?.(`waiting for ${who}`);
    });
  const watched = async <T>(run: () => Promise<T>, lockTimeout = timeouts.lock): Promise<T> => {
    watch = startWatch(lockTimeout);
    try {
      return await run();
    } finally {
      watch.stop();
    }
  };
  const reopen = async () => {
    await client.end().catch(() => {});
    waiting = [];
    settingsChanged = false;
    used = false;
    ({ client, pid, restored } = await connect(open, runId, settings, clock));
    frame = frameOf(restored ? [] : settings, key);
  };

  return {
    client: () => {
      used = true;
      return client;
    },
    pid: () => pid,
    status: () => client.getTransactionStatus(),
    prepend(...statements) {
      waiting.push(...statements);
    },
    async flush(last) {
      const statements = last === undefined ? waiting : [...waiting, last];
      waiting = [];
      return statements.length === 0 ? '' : send(statements.join(';\n'));
    },
    send,
    async sendWhole(transactionsAt, heard) {
      used = true;
      const arrival = clock.onArrival(performance.now());
      const transactions = transactionsAt(arrival);
      const { messages, parts } = messageOf(transactions, frame, arrival + PAUSE_AFTER_MS / 1_000);
      // Not at once: what arrives together with an error does not show what the failed statement waited for.
      let moved: NodeJS.Immediate | undefined;
      const restart = () => {
        moved = undefined;
        watch?.stop();
        watch = startWatch();
      };
      watch = startWatch();
      const { tags, row, error } = await pipeline(client, messages, (at) => {
        const part = parts[at];
        if (part === undefined) return;
        if (part.kind === 'begin') heard.begun(part.index);
        else if (part.kind === 'commit') heard.committed(part.index);
        else if (part.kind === 'author') heard.statement(part.index, part.number);
        if (part.kind === 'author' || part.kind === 'commit') moved ??= setImmediate(restart);
      });
      clearImmediate(moved);
      watch.stop();
      const wrong = tags.findIndex((tag, at) => parts[at]?.kind === 'commit' && tag !== 'COMMIT');
      if (wrong >= 0) throw new Error(`COMMIT was answered with ${tags[wrong]}`);
      const failed = error === undefined ? undefined : parts[tags.length];
      if (failed === undefined) {
        clock.heard(Number(row?.[ROW.time]) / 1_000_000, performance.now());
        used = row?.[ROW.locked] !== 't';
        return { kind: 'all' };
      }
      // What follows a COMMIT is done again, and its error reported, before the next migration.
      if (failed.kind !== 'reset') return { kind: 'failed', error };
      if (failed.index === transactions.length - 1) return { kind: 'all' };
      return reasonOf(error) === 'ConnectionLost' ? { kind: 'failed', error } : { kind: 'paused' };
    },
    watched: (run) => watched(run),
    /**
     * If a statement blocks no other session and has done hours of work before it waits, a lock timeout would only discard
     * that work. Unless the migration has set one.
     */
    async withoutLockTimeout(run) {
      if (settingsChanged) return watched(run);
      await client.query('SET lock_timeout = 0');
      try {
        return await watched(run, 0);
      } finally {
        await client.query(`SET lock_timeout = ${timeouts.lock}`).catch(() => {});
      }
    },
    blockers: () => watch?.blockers(),
    seeSettings(sql) {
      if (!SETS.test(sql)) return;
      settingsChanged = true;
    },
    async startOver() {
      // The text of the statements is not sufficient: a function may change any setting.
      if (!used) return;
      await applySettings(client, [...START_OVER, 'SELECT pg_advisory_unlock_all()', ...(restored ? [] : settings)]);
      await fence(client, open);
      settingsChanged = false;
      used = false;
    },
    async rollback() {
      waiting = [];
      try {
        // Asked for without looking at the status: node-postgres rejects on the error and learns the status after it.
        await client.query('ROLLBACK');
      } catch {
        await reopen().catch(() => {});
      }
    },
    reopen,
    async close() {
      await client.end().catch(() => {});
    },
  };
}

/** SET where a statement may begin, not that of an UPDATE; too often costs a round trip, too seldom a leak. */
const SETS = /(?<=(?:^|[;\n/]|\b(?:begin|then|else|loop|do))\s*)set\b|set_config|\bdiscard\b|\breset\b/i;

async function connect(
  open: PostgresConnection,
  runId: string,
  settings: readonly string[],
  clock: ServerClock,
): Promise<{ client: Client; pid: number; restored: boolean }> {
  const client = await open.migrating(`db-manager migrate ${runId}`, startupOptions(settings));
  try {
    await applySettings(client, settings);
    await fence(client, open);
    const began = performance.now();
    const sql = `SELECT pg_backend_pid() AS pid, ${SERVER_TIME} AS time`;
    const { rows } = await client.query<{ pid: number; time: string }>(sql);
    clock.asked(Number(rows[0]?.time) / 1_000_000, began, performance.now());
    return { client, pid: rows[0]?.pid ?? 0, restored: await areRestored(client, settings) };
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

function commandOf(result: unknown): string {
  return typeof result === 'object' && result !== null && 'command' in result ? String(result.command) : '';
}
