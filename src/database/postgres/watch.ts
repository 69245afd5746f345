/** What other sessions do in a scratch database: locks while they work, tables and rows before and after. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ownTables } from '../../core/model/history.ts';
import type { EffectWatch, ObservedEffects } from '../port.ts';
import { rowChanges } from '../row-changes.ts';
import type { PostgresConnection } from './connection.ts';
import type { Client } from './driver.ts';
import { strongestOf } from './effects.ts';
import { countRows } from './size.ts';

const EVERY_MS = 50;
/** How long the statistics of a session may take after its end, in milliseconds. */
const SETTLE_MS = 5_000;

interface State {
  /** By `schema.name`: the file of a table, and how many rows were changed since the database exists. */
  tables: Map<string, { node: string; changes: string }>;
  rows: Map<string, number>;
}

export async function watch(open: PostgresConnection): Promise<EffectWatch> {
  const client = await open.another('db-manager watch');
  const { schemas } = open.target;
  const own = ownTables(open.target).names;
  const before = await stateOf(client, schemas, own);
  const locks = new Map<string, { table: string; mode: string; since: number; seconds: number; held: boolean }>();
  const began = performance.now();
  let last = began;
  let looking: Promise<void> = Promise.resolve();
  let stopped = false;

  const lookNow = async () => {
    const at = performance.now();
    const { rows } = await client.query<{ table: string; mode: string }>(HELD);
    for (const lock of locks.values()) lock.held = false;
    for (const { table, mode } of rows) {
      const key = `${table} ${mode}`;
      const known = locks.get(key) ?? { table, mode, since: last, seconds: 0, held: true };
      if (!locks.has(key)) locks.set(key, known);
      known.held = true;
    }
    for (const lock of locks.values()) {
      // Until the next look it may be taken again: it then begins here.
      if (lock.held) lock.seconds = Math.max(lock.seconds, (performance.now() - lock.since) / 1000);
      else lock.since = at;
    }
    last = at;
  };
  const look = () => {
    looking = looking.then(lookNow).catch(() => {});
    return looking;
  };
  const poll = async () => {
    while (!stopped) {
      await sleep(EVERY_MS);
      if (!stopped) await look();
    }
  };
  const polling = poll();

  return {
    look,
    async stop(): Promise<ObservedEffects> {
      stopped = true;
      await polling;
      await looking;
      try {
        await othersEnded(client);
        const after = await stateOf(client, schemas, own);
        const known = [...locks.values()]
          .filter(({ table }) => before.tables.has(table))
          .map(({ table, mode, seconds }) => ({ table, mode, seconds: Math.round(seconds * 1000) / 1000 }));
        return { locks: strongestOf(known), ...difference(before, after) };
      } finally {
        await client.end().catch(() => {});
      }
    },
  };
}

/** Locks on tables that other sessions hold in this database; ours are recognised by their name. */
const HELD = `SELECT DISTINCT n.nspname || '.' || c.relname AS table, l.mode
  FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND l.pid <> pg_backend_pid() AND c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND a.backend_type = 'client backend' AND a.application_name !~ '^db-manager (rehearsal|watch|objects)'`;

async function othersEnded(client: Client): Promise<void> {
  const deadline = performance.now() + SETTLE_MS;
  while (performance.now() < deadline) {
    const { rows } = await client.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'
        AND application_name ~ '^db-manager wrap' LIMIT 1`,
    );
    if (rows.length === 0) break;
    await sleep(20);
  }
}

async function stateOf(client: Client, schemas: readonly string[], own: readonly string[]): Promise<State> {
  const { rows } = await client.query<{ name: string; node: string; changes: string }>(
    `SELECT n.nspname || '.' || c.relname AS name, pg_relation_filenode(c.oid)::text AS node,
       coalesce(s.n_tup_ins, 0) || ' ' || coalesce(s.n_tup_upd, 0) || ' ' || coalesce(s.n_tup_del, 0) AS changes
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
     WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     UNION ALL
     SELECT schemaname || '.' || sequencename, '', coalesce(last_value, -1)::text FROM pg_sequences`,
  );
  return {
    tables: new Map(rows.map(({ name, ...rest }) => [name, rest])),
    rows: await countRows(client, schemas, own),
  };
}

function difference(before: State, after: State): Omit<ObservedEffects, 'locks'> {
  const names = [...new Set([...before.tables.keys(), ...after.tables.keys()])].sort();
  const of = (name: string) => [before.tables.get(name), after.tables.get(name)] as const;
  return {
    changed: names.filter((name) => {
      const [then, now] = of(name);
      return then?.node !== now?.node || then?.changes !== now?.changes;
    }),
    rewrites: names.filter((name) => {
      const [then, now] = of(name);
      return then !== undefined && now !== undefined && then.node !== '' && then.node !== now.node;
    }),
    rows: rowChanges(before.rows, after.rows),
  };
}
