import type { MigrationWork } from '../port.ts';
import { keyOf } from './advisory.ts';
import { type BlockerWatch, watchBlockers } from './blockers.ts';
import type { PostgresConnection } from './connection.ts';
import type { Client } from './driver.ts';
import { fence } from './exclusive-session.ts';
import { FLUSH, messagesOf, pipeline } from './pipeline.ts';
import { backendOf } from './pooler.ts';
import { applySettings, migrationSettings } from './settings.ts';

/** The connection of one session: its statements, how long one may wait, and the handling of a broken connection. */
interface Channel {
  client(): Client;
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
   * Sends a transaction: these statements of the author, and the `change` of the history as the role that connected. Then it
   * resets the session as `startOver` does. All of it is one round trip. `onDone` is called with 0 after BEGIN, and with the
   * number of each statement that has succeeded. Throws the error of a statement; the transaction is open then.
   */
  sendWhole(statements: readonly string[], change: string, onDone: (number: number) => void): Promise<void>;
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
  const begin = messagesOf('BEGIN');
  const afterChange = messagesOf('COMMIT', ...startOverAtOnce(open, settings));
  let { client, pid } = await connect(open, runId, settings);
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
    ({ client, pid } = await connect(open, runId, settings));
  };

  return {
    client: () => {
      used = true;
      return client;
    },
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
    async sendWhole(statements, change, onDone) {
      used = true;
      // The answers in between show which statement is waiting for a lock.
      const own = statements.flatMap((sql, index) => [
        messagesOf(sql),
        ...(index < statements.length - 1 ? [FLUSH] : []),
      ]);
      // A limit that the author has set is for the statements of the author.
      const patient = statements.some((sql) => /timeout/i.test(sql)) ? ['SET LOCAL statement_timeout = 0'] : [];
      const ours = [...patient, ...OWN_ROLE, change];
      const commit = 1 + statements.length + ours.length;
      watch = startWatch();
      const messages = Buffer.concat([begin, ...own, messagesOf(...ours), afterChange]);
      const { tags, row, error } = await pipeline(client, messages, (index) => {
        if (index > statements.length) return;
        onDone(index);
        if (index === 0 || index === statements.length) return;
        watch?.stop();
        watch = startWatch();
      });
      watch.stop();
      if (tags.length <= commit) throw error;
      if (tags[commit] !== 'COMMIT') throw new Error(`COMMIT was answered with ${tags[commit]}`);
      // What follows the COMMIT is done again, and its error reported, before the next migration.
      used = error !== undefined || row?.[0] !== 't';
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
      await applySettings(client, [...START_OVER, ...settings]);
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

/** As the role that connected, regardless of the role that the migration has set. */
export const OWN_ROLE: readonly string[] = ['RESET SESSION AUTHORIZATION', 'RESET ROLE'];

/**
 * What DISCARD ALL does (PostgreSQL manual), one by one: it cannot go in one message with others, and plans need not be
 * thrown away. The lock of `fence` goes with the migration's own and is taken again; the run's lock is another session's.
 */
const START_OVER = [
  ...OWN_ROLE,
  'RESET ALL',
  'CLOSE ALL',
  'UNLISTEN *',
  'DEALLOCATE ALL',
  'SELECT pg_advisory_unlock_all()',
  'DISCARD SEQUENCES',
  'DISCARD TEMP',
];

/**
 * The same after a COMMIT, where DISCARD ALL is allowed. It gives the lock of `fence` up, and the last statement takes it
 * again: nothing else is sent in this round trip. The only column is true if it was taken.
 */
function startOverAtOnce(open: PostgresConnection, settings: readonly string[]): string[] {
  const key = keyOf('migrating', open.target.schemas[0] ?? 'public').join(', ');
  return ['DISCARD ALL', ...settings, `SELECT pg_catalog.pg_try_advisory_lock(${key})`];
}

/** SET where a statement may begin, not that of an UPDATE; too often costs a round trip, too seldom a leak. */
const SETS = /(?<=(?:^|[;\n/]|\b(?:begin|then|else|loop|do))\s*)set\b|set_config|\bdiscard\b|\breset\b/i;

async function connect(
  open: PostgresConnection,
  runId: string,
  settings: readonly string[],
): Promise<{ client: Client; pid: number }> {
  const client = await open.migrating(`db-manager migrate ${runId}`);
  try {
    await applySettings(client, settings);
    await fence(client, open);
    return { client, pid: (await backendOf(client)) ?? 0 };
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

function commandOf(result: unknown): string {
  return typeof result === 'object' && result !== null && 'command' in result ? String(result.command) : '';
}
