/** What stands around an action: later statements of its migration, and patterns of several statements. */
import type { Action, ActionKind, ActionOf, ReadMigration, TableRef } from './action.ts';
import type { ActionContext, MigrationContext } from './rule.ts';

/** All that a migration does, in order. */
export function actionsOf({ statements }: Pick<ReadMigration, 'statements'>): Action[] {
  return statements.flatMap(({ actions }) => actions ?? []);
}

/** What comes behind the statement that is looked at. */
export function later<Kind extends ActionKind>({ migration, statement }: ActionContext, kind: Kind): ActionOf<Kind>[] {
  const at = migration.statements.indexOf(statement);
  return ofKind(actionsOf({ statements: migration.statements.slice(at + 1) }), kind);
}

/** What the migration has done before. */
export function earlier<Kind extends ActionKind>(
  { before }: Pick<ActionContext, 'before'>,
  kind: Kind,
): ActionOf<Kind>[] {
  return ofKind(
    before.map(({ action }) => action),
    kind,
  );
}

function ofKind<Kind extends ActionKind>(actions: readonly Action[], kind: Kind): ActionOf<Kind>[] {
  return actions.filter((action): action is ActionOf<Kind> => action.kind === kind);
}

export function sameTable(a: TableRef, b: TableRef): boolean {
  return a.name === b.name && (a.schema === undefined || b.schema === undefined || a.schema === b.schema);
}

/** The migration makes a temporary table of that name, before or behind, and no other one of it is known. */
export function isTemporary(
  { migration, known }: Pick<MigrationContext, 'migration' | 'known'>,
  table: TableRef,
): boolean {
  const made = ofKind(actionsOf(migration), 'createTable');
  const there = known.table(table);
  const permanent = there !== undefined && !there.createdInPlan && there.columns.size > 0;
  return !permanent && made.some((one) => one.temporary && one.table.name === table.name);
}

/** Tables of this name are the query interface's own on SQLite: see `database/sqlite/alter/rebuild.ts`. */
const OWN_SCRATCH = /^_db_manager_new_/;

export interface Rebuild {
  /** The table that takes the other's place. */
  scratch: TableRef;
  /** Made by db-manager's query interface, which turns foreign keys off where it has to. */
  own: boolean;
}

/** Of a table that is dropped: the new one that gets its name behind it in the same migration, with its rows. */
export function rebuildOf(place: ActionContext, table: TableRef): Rebuild | undefined {
  const made = earlier(place, 'createTable');
  const filled = earlier(place, 'insert').filter(({ fromSelect }) => fromSelect);
  const found = later(place, 'renameTable').find(
    ({ table: from, to }) =>
      to === table.name &&
      made.some((one) => sameTable(one.table, from)) &&
      filled.some((one) => sameTable(one.table, from)),
  );
  return found && { scratch: found.table, own: OWN_SCRATCH.test(found.table.name) };
}

/** Whether the migration makes this type itself, by the text: types are no action. */
export function makesType({ migration }: ActionContext, type: string): boolean {
  const name = type.slice(type.lastIndexOf('.') + 1).toLowerCase();
  return migration.statements.some(({ sql }) => {
    const made = /^\s*CREATE\s+TYPE\s+([^\s(]+)/i.exec(sql)?.[1]?.replaceAll('"', '').toLowerCase();
    return made !== undefined && made.slice(made.lastIndexOf('.') + 1) === name;
  });
}
