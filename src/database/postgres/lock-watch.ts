import type { Client } from './driver.ts';

/** A shorter migration is not checked: its locks were held for its whole duration, which is short. */
const EVERY_MS = 50;

/** Since when a session has held its locks, seen from another connection while it works. */
export interface LockWatch {
  /** Begins with a migration of that backend (`pg_backend_pid()`). */
  start(backend: number): void;
  /** Ends with it; the maximum seconds for which a lock was held until now; undefined if no check has run. */
  stop(): Promise<(table: string, mode: string) => number | undefined>;
  close(): Promise<void>;
}

/**
 * Checks every 50 ms which locks the backend holds. A lock counts from the check before it was seen, so the number is
 * never too small. If a check fails, the result is empty: the rehearsal continues without it.
 */
export function lockWatch(connect: () => Promise<Client>, schemas: readonly string[]): LockWatch {
  let connection: Promise<Client> | undefined;
  let since = new Map<string, number>();
  /** Start of the last poll: locks that it did not find were taken later. */
  let last: number | undefined;
  let looking: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  /** Number of the watched migration; a poll of another number ends. */
  let watched = 0;

  const look = async (backend: number): Promise<string[]> => {
    connection ??= connect();
    const client = await connection;
    const { rows } = await client.query<{ key: string }>(
      `SELECT DISTINCT n.nspname || '.' || c.relname || ' ' || l.mode AS key
       FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE l.pid = $1 AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
         AND c.relkind IN ('r', 'p') AND n.nspname = ANY($2)`,
      [backend, schemas],
    );
    return rows.map(({ key }) => key);
  };
  const lookLater = (backend: number, mine: number, before: number) => {
    timer = setTimeout(() => {
      const began = performance.now();
      looking = look(backend).then(
        (keys) => {
          if (mine !== watched) return;
          for (const key of keys) if (!since.has(key)) since.set(key, before);
          last = began;
          lookLater(backend, mine, began);
        },
        () => {},
      );
    }, EVERY_MS);
  };
  const end = () => {
    watched += 1;
    clearTimeout(timer);
  };

  return {
    start(backend) {
      end();
      since = new Map();
      last = undefined;
      lookLater(backend, watched, performance.now());
    },
    async stop() {
      const now = performance.now();
      end();
      await looking;
      const [seen, unseen] = [since, last];
      return (table, mode) => {
        const from = seen.get(`${table} ${mode}`) ?? unseen;
        return from === undefined ? undefined : Math.round(now - from) / 1000;
      };
    },
    async close() {
      end();
      await looking;
      await connection?.then((client) => client.end()).catch(() => {});
    },
  };
}
