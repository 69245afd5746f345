import type { Dialect } from '../model/dialect.ts';
import type { Severity } from '../model/finding.ts';
import type { Action, ActionKind, ActionOf, ReadMigration, ReadStatement, TableRef } from './action.ts';
import type { SchemaState } from './schema-state.ts';

/** The server that the plan would run on. `version` as PostgreSQL counts: 150018; SQLite: 3052000. */
export interface Server {
  dialect: Dialect;
  version: number;
}

export type Topic = 'locks' | 'data' | 'compatibility' | 'hygiene' | 'sqlite';

/** One action with where it stands. `fresh`: its table was made in the same plan, so nobody uses it yet. */
export interface SeenAction {
  action: Action;
  statement: ReadStatement;
  createdInPlan: boolean;
}

/** Where a rule looks from: one migration in the plan. */
export interface MigrationContext {
  server: Server;
  migration: ReadMigration;
  /** What the migration has done so far; all of it for a check of the whole migration. */
  before: readonly SeenAction[];
  /** The schema as it is at that point. */
  known: SchemaState;
  /** Ids that `ignore` may name. */
  ruleIds: ReadonlySet<string>;
}

/** Where an action stands. */
export interface ActionContext extends MigrationContext {
  statement: ReadStatement;
  /** A table made in the same plan is empty and unused: lock rules leave it alone. */
  isNew(table: TableRef): boolean;
}

/** One thing a rule says. */
export interface ColumnFinding {
  message: string;
  /** The safe alternative, ready to type. */
  advice: string;
  /** Where it is not the rule's own. */
  severity?: Severity;
}

export interface FindingDraft extends ColumnFinding {
  statement?: ReadStatement;
}

export type Check =
  | { kinds: readonly ActionKind[]; look(action: Action, place: ActionContext): ColumnFinding | undefined }
  | { migration(scope: MigrationContext): FindingDraft[] };

/** One or more migrations for a rule to look at. */
export interface Example {
  sql: string;
  /** The way back; by default there is one. */
  down?: string | null;
  /** A migration of an earlier plan: the schema that is there already. */
  given?: string;
  /** Runs outside a transaction. */
  transaction?: false;
  /** Code, of which only these statements are known. */
  opaque?: true;
  /** Absent: every server that the rule speaks of. */
  version?: number;
  /** Absent: the first of the rule's dialects. */
  dialect?: Dialect;
}

/**
 * One rule a file. `examples` are its tests and the cases on its docs page: every bad one must be found, no good one
 * may be.
 */
export interface Rule {
  id: string;
  topic: Topic;
  /** What it is about, in a sentence. */
  title: string;
  /** Why it matters, and what to do instead. */
  why: string;
  dialects: readonly Dialect[];
  severity: Severity;
  /** Server versions that it speaks of: from `since` and before `until`. */
  since?: number;
  until?: number;
  check: Check;
  examples: { bad: readonly Example[]; good: readonly Example[] };
}

/** A check that looks at each action of one or more kinds. */
export function onAction<Kind extends ActionKind>(
  kinds: Kind | readonly Kind[],
  look: (action: ActionOf<Kind>, place: ActionContext) => ColumnFinding | undefined,
): Check {
  return {
    kinds: typeof kinds === 'string' ? [kinds] : kinds,
    look: (action, place) => look(action as ActionOf<Kind>, place),
  };
}

/** A check of a migration as a whole, after its last statement. */
export function onMigration(migration: (scope: MigrationContext) => FindingDraft[]): Check {
  return { migration };
}

export const POSTGRES: readonly Dialect[] = ['postgres'];
export const SQLITE: readonly Dialect[] = ['sqlite'];
export const BOTH: readonly Dialect[] = ['postgres', 'sqlite'];
