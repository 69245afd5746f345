import type { MigrationWork } from '../port.ts';
import { type Watch, watchBlockers } from './blockers.ts';
import type { PostgresConnection } from './connection.ts';
import type { Client } from './driver.ts';
import { serverError } from './errors.ts';
import { fence } from './fence.ts';
import { backendOf } from './pooler.ts';
import { applySettings, migrationSettings } from './settings.ts';

/** The connection of one session: what goes over it, how long a statement may wait, and what to do when it breaks. */
export interface Channel {
  client(): Client;
  /** After a statement that succeeded: `I` outside a transaction, `T` inside, `E` inside one that an error has aborted. */
  status(): 'I' | 'T' | 'E' | null;
  /** Puts our own statements in front of whatever is sent next, to save round trips. */
  ahead(...statements: string[]): void;
  /** The same with a statement of the migration: the position in an error is that in its text. */
  hold(sql: string): void;
  /** Sends what waits in front. */
  flush(): Promise<void>;
  /** The command tag of the last statement. */
  send(sql: string): Promise<string>;
  /** Runs a statement and looks meanwhile who blocks it. */
  watched<T>(run: () => Promise<T>): Promise<T>;
  /** The same without a lock timeout. */
  patiently<T>(run: () => Promise<T>): Promise<T>;
  /** Who blocked the last statement, in words. */
  blockers(): string | undefined;
  /** Notes statements that may change the session's settings or role. */
  seeSettings(sql: string): void;
  restoreSettings(): Promise<void>;
  /** Statements after which the history is written by the one who runs, whoever the migration has become. */
  ownRole(): string[];
  /** Never throws: a connection that is gone has rolled back, and whatever comes next gets a new one. */
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
  let { client, pid } = await connect(open, runId, settings);
  let waiting: Part[] = [];
  let settingsChanged = false;
  let roleChanged = false;
  let watch: Watch | undefined;

  /** All in one message: an error skips what stands behind it, so a statement never runs without its BEGIN. */
  const sendParts = async (parts: Part[]): Promise<string> => {
    waiting = [];
    try {
      const results: unknown = await client.query(parts.map(({ sql }) => sql).join(SEPARATOR));
      return commandOf(Array.isArray(results) ? results.at(-1) : results);
    } catch (error) {
      throw placed(error, parts);
    }
  };
  const watched = async <T>(run: () => Promise<T>, lockTimeout = timeouts.lock): Promise<T> => {
    watch = watchBlockers(open.client, pid, lockTimeout, (who) => {
      if (lockTimeout === 0) onRetry?.(`waiting for ${who}`);
    });
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
    roleChanged = false;
    ({ client, pid } = await connect(open, runId, settings));
  };

  return {
    client: () => client,
    status: () => client.getTransactionStatus(),
    ahead(...statements) {
      waiting.push(...statements.map((sql) => ({ sql, migration: false })));
    },
    hold(sql) {
      waiting.push({ sql, migration: true });
    },
    async flush() {
      if (waiting.length > 0) await sendParts(waiting);
    },
    send: (sql) => sendParts([...waiting, { sql, migration: true }]),
    watched: (run) => watched(run),
    /**
     * Where a statement blocks nobody and has hours of work behind it when it waits, a lock timeout would only throw
     * that away. Unless the migration has set one itself.
     */
    async patiently(run) {
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
      roleChanged ||= /\brole\b|\bauthorization\b|\bdiscard\b/i.test(sql);
    },
    async restoreSettings() {
      if (!settingsChanged) return;
      await client.query('RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL');
      await applySettings(client, settings);
      settingsChanged = false;
      roleChanged = false;
    },
    ownRole: () => (roleChanged ? ['RESET SESSION AUTHORIZATION', 'RESET ROLE'] : []),
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

interface Part {
  sql: string;
  migration: boolean;
}

/** On a line of its own: a statement may end in a comment. */
const SEPARATOR = '\n;';

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

/** The server counts characters from the start of all that was sent; the author knows one statement. */
function placed(error: unknown, parts: readonly Part[]): unknown {
  const server = serverError(error);
  if (server?.position === undefined) return error;
  let position = Number(server.position);
  for (const { sql, migration } of parts) {
    const length = [...sql].length;
    if (position <= length + SEPARATOR.length) {
      // What is missing at the end of a statement is missed at the separator.
      server.position = migration ? String(Math.min(position, length + 1)) : undefined;
      break;
    }
    position -= length + SEPARATOR.length;
  }
  return error;
}
