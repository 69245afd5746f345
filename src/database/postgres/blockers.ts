import type { Client } from './driver.ts';

const FIRST_LOOK = 3_000;
const NEXT_LOOK = 10_000;

export interface BlockerWatch {
  /** The sessions that blocked it at the last check, as text. */
  blockers(): string | undefined;
  stop(): void;
}

/**
 * Checks from another connection which sessions a statement waits for. After a lock timeout it would be too late: the
 * wait is over, and the server's message does not name them.
 */
export function watchBlockers(
  ask: Client,
  pid: number,
  lockTimeout: number,
  report: (who: string) => void,
): BlockerWatch {
  let found: string | undefined;
  const look = async () => {
    const now = await blockersOf(ask, pid).catch(() => undefined);
    if (now !== undefined && now !== found) report(now);
    found = now ?? found;
    timer = setTimeout(look, NEXT_LOOK).unref();
    if (stopped) clearTimeout(timer);
  };
  const first = lockTimeout === 0 ? FIRST_LOOK : Math.min(FIRST_LOOK, lockTimeout * 0.6);
  let stopped = false;
  let timer = setTimeout(look, first).unref();
  return {
    blockers: () => found,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** Without the text of their queries, which may hold data. */
async function blockersOf(ask: Client, pid: number): Promise<string | undefined> {
  const { rows } = await ask.query<{
    pid: number;
    name: string | null;
    user: string | null;
    state: string | null;
    seconds: string | null;
  }>(
    `SELECT b.pid, nullif(a.application_name, '') AS name, a.usename AS "user", a.state,
       extract(epoch FROM clock_timestamp() - a.xact_start)::bigint::text AS seconds
     FROM unnest(pg_blocking_pids($1)) WITH ORDINALITY AS b (pid, n) LEFT JOIN pg_stat_activity a ON a.pid = b.pid
     ORDER BY n LIMIT 3`,
    [pid],
  );
  if (rows.length === 0) return undefined;
  return rows
    .map(({ pid, name, user, state, seconds }) => {
      const who = [name, user === null ? undefined : `user ${user}`, state, since(seconds)].filter(Boolean).join(', ');
      // A transaction that was prepared for a two-phase commit blocks without a backend.
      return pid === 0
        ? 'a prepared transaction (pg_prepared_xacts)'
        : `backend ${pid}${who === '' ? '' : ` (${who})`}`;
    })
    .join(' and ');
}

function since(seconds: string | null): string | undefined {
  return seconds === null ? undefined : `in a transaction for ${seconds} s`;
}
