import type { Dialect } from '../model/dialect.ts';
import type { Severity } from '../model/finding.ts';
import type {
  ReadMigration,
  ReadStatement,
  SchemaAction,
  SchemaActionKind,
  SchemaActionOf,
  TableRef,
} from './action.ts';
import { tableOf } from './action.ts';
import type { SchemaState } from './schema-state.ts';

/** The server that the plan would run on. `version` as PostgreSQL counts: 150018; SQLite: 3052000. */
export interface Server {
  dialect: Dialect;
  version: number;
}

export type Topic = 'locks' | 'data' | 'compatibility' | 'style' | 'sqlite';

/** One action with its position. `fresh`: its table was created in the same plan, so it is not used yet. */
export interface SeenAction {
  action: SchemaAction;
  statement: ReadStatement;
  createdInPlan: boolean;
}

/** The context of a rule: one migration in the plan. */
export interface MigrationContext {
  server: Server;
  migration: ReadMigration;
  /** The actions of the migration so far; all of them for a check of the whole migration. */
  before: readonly SeenAction[];
  /** The state of the schema at that point. */
  known: SchemaState;
  /** Ids that `ignore` may name. */
  ruleIds: ReadonlySet<string>;
}

/** The position of an action. */
export interface RuleActionContext extends MigrationContext {
  statement: ReadStatement;
  /** A table created in the same plan is empty and unused: lock rules ignore it. */
  isNew(table: TableRef): boolean;
}

/** One finding of a rule. */
export interface ColumnFinding {
  message: string;
  /** The safe alternative, ready to type. */
  advice: string;
  /** Only if it differs from the severity of the rule. */
  severity?: Severity;
}

export interface FindingDraft extends ColumnFinding {
  statement?: ReadStatement;
}

export type RuleCheck =
  | {
      kinds: readonly SchemaActionKind[];
      look(action: SchemaAction, place: RuleActionContext): ColumnFinding | undefined;
    }
  | { migration(scope: MigrationContext): FindingDraft[] };

/** One or more migrations as input of a rule. */
export interface Example {
  sql: string;
  /** Whether it has a down; default true. */
  down?: string | null;
  /** A migration of an earlier plan: the existing schema. */
  given?: string;
  /** Runs outside a transaction. */
  transaction?: false;
  /** Code that sends these statements. */
  code?: true;
  /** Code, of which only these statements are known. */
  opaque?: true;
  /** Code that needs these files of the project. */
  imports?: readonly string[];
  /** Absent: every server that the rule applies to. */
  version?: number;
  /** Absent: the first of the rule's dialects. */
  dialect?: Dialect;
}

/**
 * One rule per file. `examples` are its tests and the cases on its docs page: every bad one must be found, and no good
 * one.
 */
export interface Rule {
  id: string;
  topic: Topic;
  /** The problem, in one sentence. */
  title: string;
  /** Why it matters, and what to do instead. */
  why: string;
  dialects: readonly Dialect[];
  severity: Severity;
  /** Server versions that it applies to: `since` and later, before `until`. */
  since?: number;
  until?: number;
  check: RuleCheck;
  examples: { bad: readonly Example[]; good: readonly Example[] };
}

/** A check of each action of one or more kinds. */
export function onAction<Kind extends SchemaActionKind>(
  kinds: Kind | readonly Kind[],
  look: (action: SchemaActionOf<Kind>, place: RuleActionContext) => ColumnFinding | undefined,
): RuleCheck {
  return {
    kinds: typeof kinds === 'string' ? [kinds] : kinds,
    look: (action, place) => look(action as SchemaActionOf<Kind>, place),
  };
}

/** The same without actions on a table that the plan itself created, which is empty and unused. */
export function onTableInUse<Kind extends SchemaActionKind>(
  kinds: Kind | readonly Kind[],
  look: (action: SchemaActionOf<Kind>, place: RuleActionContext) => ColumnFinding | undefined,
): RuleCheck {
  return onAction(kinds, (action, place) => {
    const table = tableOf(action);
    return table !== undefined && place.isNew(table) ? undefined : look(action, place);
  });
}

/** A check of a migration as a whole, after its last statement. */
export function onMigration(migration: (scope: MigrationContext) => FindingDraft[]): RuleCheck {
  return { migration };
}

export const POSTGRES: readonly Dialect[] = ['postgres'];
export const SQLITE: readonly Dialect[] = ['sqlite'];
export const BOTH: readonly Dialect[] = ['postgres', 'sqlite'];
