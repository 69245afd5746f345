import { rowChanges } from '../row-changes.ts';
import type { SessionObservation } from '../session.ts';
import type { Client } from './driver.ts';
import type { LockWatch } from './lock-watch.ts';
import { type HeldLock, nameOf, type TableState, type TableStates, type WatchedTables } from './table-states.ts';

/** From the weakest to the strongest (PostgreSQL manual, 13.3.1). */
const STRENGTH = [
  'AccessShareLock',
  'RowShareLock',
  'RowExclusiveLock',
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
];

interface Watched {
  /** Process id of the session on the server. */
  pid: number;
  tables: WatchedTables;
  locks: LockWatch;
  /** Of the migration that runs. */
  statements(): number;
  /** Whether its locks are held to its end. */
  inTransaction(): boolean;
  /** Another connection to the same database; its caller ends it. */
  apart(): Promise<Client>;
}

/** The locks and effects of a migration, seen from its own connection just before it commits. */
export async function observe(client: Client, watched: Watched): Promise<SessionObservation> {
  const { tables, locks: watch } = watched;
  const before = await tables.before(client, watched.apart);
  watch.start(watched.pid);
  return {
    async effects(revision, seconds) {
      const heldFor = await watch.stop();
      const held = await heldLocks(client);
      const own = held.filter((lock) => !tables.isOurs(lock));
      const after = await tables.after(client, watched.inTransaction() ? held : undefined);
      return {
        revision,
        seconds,
        statements: watched.statements(),
        // A table that the migration created is not visible to other sessions yet; its locks do not matter.
        locks: strongest(own, before).map((lock) => ({
          ...lock,
          seconds: heldFor(lock.table, lock.mode) ?? round(seconds),
        })),
        rewrites: [...before.values()].filter((table) => isRewritten(table, after)).map(nameOf),
        rows: changedRows(before, after),
      };
    },
  };
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

/** Before our own counting starts: the locks of the session on tables, views and sequences. */
async function heldLocks(client: Client): Promise<HeldLock[]> {
  const { rows } = await client.query<HeldLock>(
    `SELECT DISTINCT l.relation::text AS oid, l.mode FROM pg_locks l
     WHERE l.pid = pg_backend_pid() AND l.granted AND l.locktype = 'relation'
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return rows;
}

function strongest(held: readonly HeldLock[], before: TableStates): { table: string; mode: string }[] {
  const locks = held.flatMap(({ oid, mode }) => {
    const table = before.get(oid);
    return table === undefined || table.partitioned ? [] : [{ table: nameOf(table), mode }];
  });
  return strongestOf(locks);
}

/** The strongest lock of each table. */
export function strongestOf<Lock extends { table: string; mode: string }>(locks: readonly Lock[]): Lock[] {
  const found = new Map<string, Lock>();
  for (const lock of locks) {
    const known = found.get(lock.table);
    if (known === undefined || STRENGTH.indexOf(lock.mode) > STRENGTH.indexOf(known.mode)) found.set(lock.table, lock);
  }
  return [...found.values()].sort((a, b) => (a.table < b.table ? -1 : 1));
}

function isRewritten({ oid, node, partitioned }: TableState, after: TableStates): boolean {
  return !partitioned && (after.get(oid)?.node ?? node) !== node;
}

function changedRows(before: TableStates, after: TableStates) {
  const [then, now] = [rowsByName(before, after), rowsByName(after, before)];
  const moves = movesBetween(before, after);
  return rowChanges(then, now).map((rows) => ({ ...rows, ...moves.get(rows.table) }));
}

/** Tables that were renamed, and tables whose rows were or became those of a partitioned table; by their names. */
function movesBetween(before: TableStates, after: TableStates) {
  const moves = new Map<string, { was?: string; partOf?: string }>();
  for (const [oid, was] of before) {
    const now = after.get(oid);
    if (now === undefined || now === was) continue;
    const parent = was.partition ? before.get(was.parents[0] ?? '') : after.get(now.parents[0] ?? '');
    if (was.partition !== now.partition && parent !== undefined) {
      moves.set(nameOf(was.partition ? now : was), { partOf: nameOf(parent) });
    } else if (nameOf(was) !== nameOf(now)) moves.set(nameOf(now), { was: nameOf(was) });
  }
  return moves;
}

/** Of the tables that are not the same object in the other map: shared objects were not changed. */
function rowsByName(tables: TableStates, others: TableStates): Map<string, number> {
  const rows = new Map<string, number>();
  for (const [oid, table] of tables) {
    if (others.get(oid) !== table && table.rows !== undefined) rows.set(nameOf(table), table.rows);
  }
  return rows;
}
