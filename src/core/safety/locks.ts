/**
 * The locks of PostgreSQL, which are held until the transaction ends. Sources: the manual's page
 * "Explicit Locking", `AlterTableGetLockLevel` of tablecmds.c, and `test/safety/locks.test.ts`, which asks a server.
 */
import type { SchemaAction, TableRef } from './action.ts';
import type { MigrationContext, RuleActionContext, SeenAction } from './rule.ts';
import type { SchemaState } from './schema-state.ts';

/** Modes that block writes; only the first one also blocks reads. */
export type LockMode = 'ACCESS EXCLUSIVE' | 'EXCLUSIVE' | 'SHARE ROW EXCLUSIVE' | 'SHARE';

interface Lock {
  table: TableRef;
  mode: LockMode;
}

/** The locks of an action on tables that block other sessions. */
export function locksOf(action: SchemaAction): Lock[] {
  switch (action.kind) {
    case 'addColumn':
      return [...exclusive(action.table), ...shared(action.column.references)];
    case 'addConstraint':
      return action.constraint === 'foreign key'
        ? [...shared(action.table), ...shared(action.references)]
        : exclusive(action.table);
    case 'createTable':
      return [...exclusive(action.partitionOf), ...action.constraints.flatMap(({ references }) => shared(references))];
    case 'createIndex':
    case 'reindex':
      return action.concurrently ? [] : of('SHARE', action.table);
    case 'detachPartition':
      return action.concurrently ? [] : [...exclusive(action.table), ...exclusive(action.partition)];
    case 'attachPartition':
      return exclusive(action.partition);
    case 'refreshView':
      return of(action.concurrently ? 'EXCLUSIVE' : 'ACCESS EXCLUSIVE', action.view);
    case 'lockTable':
      return of(action.exclusive ? 'ACCESS EXCLUSIVE' : 'SHARE', action.table);
    case 'createTrigger':
    case 'disableTriggers':
    case 'enableTriggers':
      return shared(action.table);
    case 'dropColumn':
    case 'alterType':
    case 'setNotNull':
    case 'dropNotNull':
    case 'setDefault':
    case 'dropConstraint':
    case 'renameTable':
    case 'renameColumn':
    case 'setSchema':
    case 'dropTable':
    case 'truncate':
    case 'vacuumFull':
    case 'cluster':
    case 'setLogged':
    case 'setUnlogged':
    case 'setTablespace':
    case 'setAccessMethod':
      return exclusive(action.table);
    default:
      return [];
  }
}

function of(mode: LockMode, table: TableRef | undefined): Lock[] {
  return table === undefined ? [] : [{ table, mode }];
}

function exclusive(table: TableRef | undefined): Lock[] {
  return of('ACCESS EXCLUSIVE', table);
}

function shared(table: TableRef | undefined): Lock[] {
  return of('SHARE ROW EXCLUSIVE', table);
}

/** The verbs that begin a transaction. */
export const OPENS: ReadonlySet<string> = new Set(['BEGIN', 'START TRANSACTION']);

/** Actions by transaction, without those outside of one. The last transaction may still be open. */
function transactions({ migration, before }: Pick<MigrationContext, 'migration' | 'before'>): {
  ended: SeenAction[][];
  open?: SeenAction[];
} {
  const ended: SeenAction[][] = [];
  let open: SeenAction[] | undefined = migration.transactional ? [] : undefined;
  for (const seen of before) {
    if (seen.action.kind !== 'transaction') open?.push(seen);
    else if (OPENS.has(seen.action.verb)) open ??= [];
    else {
      if (open !== undefined) ended.push(open);
      open = undefined;
    }
  }
  return { ended, open };
}

/** Actions in the open transaction; undefined if none is open. */
export function openTransaction(scope: Pick<MigrationContext, 'migration' | 'before'>): SeenAction[] | undefined {
  return transactions(scope).open;
}

export function allTransactions(scope: Pick<MigrationContext, 'migration' | 'before'>): SeenAction[][] {
  const { ended, open } = transactions(scope);
  return open === undefined ? ended : [...ended, open];
}

interface HeldLock extends Lock {
  seen: SeenAction;
}

/** Locks on tables in use that were taken before in the open transaction, or in the same statement, and are still held. */
export function heldLocks(place: RuleActionContext): HeldLock[] {
  const held = openTransaction(place) ?? place.before.filter(({ statement }) => statement === place.statement);
  return locksIn(held, place.known);
}

export function locksIn(seen: readonly SeenAction[], known: SchemaState): HeldLock[] {
  return seen.flatMap((one) =>
    locksOf(one.action)
      .filter(({ table }) => !known.isNew(table) && !(one.createdInPlan && one.action.kind !== 'createTable'))
      .map((lock) => ({ ...lock, seen: one })),
  );
}
