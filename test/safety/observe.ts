import pg from 'pg';

/** What one step did, as PostgreSQL reports it. */
export interface Observed {
  /** Table to the modes in which it was locked, or waited for. */
  locks: Map<string, Set<string>>;
  /** Tables whose rows were read from the first to the last. */
  reads: Set<string>;
  /** Tables that were there before and are in another file now. */
  rewritten: Set<string>;
  /** While the step waited, another writer got its lock; undefined where the step did not wait. */
  writersPass?: boolean;
}

export interface Step {
  sql: string;
  /** Runs outside a transaction, while another session writes to this table. */
  besideWriterOf?: string;
}

/** Runs a step in a transaction that is committed, or outside one while another session writes. */
export function observe(url: string, step: Step): Promise<Observed> {
  return step.besideWriterOf === undefined
    ? observeInside(url, step.sql)
    : observeOutside(url, step.sql, step.besideWriterOf);
}

async function observeInside(url: string, sql: string): Promise<Observed> {
  return withClients(url, 1, async ([client]) => {
    const before = await files(client);
    await client.query('BEGIN');
    await client.query(sql);
    const locks = await locksOf(client, await processOf(client));
    const { rows } = await client.query<{ relname: string }>(
      'SELECT relname FROM pg_stat_xact_user_tables WHERE seq_scan > 0 AND seq_tup_read > 0',
    );
    await client.query('COMMIT');
    return {
      locks,
      reads: new Set(rows.map(({ relname }) => relname)),
      rewritten: changed(before, await files(client)),
    };
  });
}

/**
 * A writer holds its lock until the step waits for it, or is done without having to. What the step holds and waits for
 * is seen then; and another writer tries to get through, since a lock that is waited for holds up all who come later.
 */
async function observeOutside(url: string, sql: string, table: string): Promise<Observed> {
  return withClients(url, 3, async ([writer, client, other]) => {
    const before = await files(client);
    await writer.query(`BEGIN; LOCK TABLE ${table} IN ROW EXCLUSIVE MODE`);
    const process = await processOf(client);
    let done = false;
    const running = client.query(sql).finally(() => {
      done = true;
    });
    running.catch(() => undefined);
    while (!done && !(await isWaiting(other, process))) await new Promise((resolve) => setTimeout(resolve, 5));
    const locks = await locksOf(other, process);
    const writersPass = done ? undefined : await getsThrough(other, table);
    await writer.query('COMMIT');
    await running;
    return { locks, reads: new Set(), rewritten: changed(before, await files(client)), writersPass };
  });
}

async function getsThrough(client: pg.Client, table: string): Promise<boolean> {
  try {
    await client.query(`BEGIN; SET LOCAL lock_timeout = '200ms'; LOCK TABLE ${table} IN ROW EXCLUSIVE MODE`);
    return true;
  } catch {
    return false;
  } finally {
    await client.query('ROLLBACK');
  }
}

async function isWaiting(client: pg.Client, process: number): Promise<boolean> {
  const { rows } = await client.query(
    "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND state = 'active' AND wait_event_type = 'Lock'",
    [process],
  );
  return rows.length > 0;
}

async function processOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid ?? 0;
}

async function locksOf(client: pg.Client, process: number): Promise<Map<string, Set<string>>> {
  const { rows } = await client.query<{ relname: string; mode: string }>(
    `SELECT c.relname, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
     WHERE l.pid = $1 AND l.locktype = 'relation' AND c.relnamespace = 'public'::regnamespace`,
    [process],
  );
  const locks = new Map<string, Set<string>>();
  for (const { relname, mode } of rows) locks.set(relname, (locks.get(relname) ?? new Set()).add(mode));
  return locks;
}

async function files(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ relname: string; file: string }>(
    `SELECT relname, pg_relation_filenode(oid)::text AS file FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'm')`,
  );
  return new Map(rows.map(({ relname, file }) => [relname, file]));
}

function changed(before: Map<string, string>, after: Map<string, string>): Set<string> {
  return new Set(
    [...before].filter(([name, file]) => after.has(name) && after.get(name) !== file).map(([name]) => name),
  );
}

type Clients = [pg.Client, pg.Client, pg.Client];

async function withClients<T>(url: string, count: number, work: (clients: Clients) => Promise<T>): Promise<T> {
  const connect = async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return client;
  };
  const first = await connect();
  const rest = await Promise.all(Array.from({ length: count - 1 }, connect));
  const clients: Clients = [first, rest[0] ?? first, rest[1] ?? first];
  try {
    return await work(clients);
  } finally {
    await Promise.all([first, ...rest].map((client) => client.end()));
  }
}
