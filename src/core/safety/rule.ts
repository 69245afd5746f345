import type { Dialect } from '../model/dialect.ts';
import type { Severity } from '../model/finding.ts';
import type { Action, ActionKind, ActionOf, ReadMigration, ReadStatement, TableRef } from './action.ts';

/** The server that the plan would run on. `version` as PostgreSQL counts: 150018; SQLite: 3052000. */
export interface Server {
  dialect: Dialect;
  version: number;
}

/** Where a rule looks from: one migration in the plan, with what came before it. */
export interface Scope {
  server: Server;
  migration: ReadMigration;
  /** Migrations that run before this one in the same plan. */
  earlier: readonly ReadMigration[];
  /** A table made in the same plan is empty and unused: lock rules leave it alone. */
  isNew(table: TableRef): boolean;
}

/** One thing a rule says; the statement gives the place. */
export interface Hit {
  message: string;
  advice: string;
  statement?: ReadStatement;
}

export interface Example {
  sql: string;
  /** Runs outside a transaction. */
  transaction?: false;
  /** Absent: every server that the rule speaks of. */
  version?: number;
}

/**
 * One rule a file. `examples` are its tests and the cases on its docs page: every bad one must be found, no good one
 * may be. `lock`: the bad examples hold this lock, or rewrite the table, on a real server, and the good ones do not.
 */
export interface Rule {
  id: string;
  /** What it is about, in a sentence, for the docs. */
  title: string;
  /** Why it matters. */
  why: string;
  dialects: readonly Dialect[];
  /** Undefined where the rule does not apply to that server. */
  severity(server: Server): Severity | undefined;
  check(scope: Scope): Hit[];
  examples: { bad: Example[]; good: Example[] };
}

/** A check that looks at each action of one or more kinds. */
export function each<Kind extends ActionKind>(
  kinds: Kind | readonly Kind[],
  look: (action: ActionOf<Kind>, scope: Scope, place: Place) => Omit<Hit, 'statement'> | undefined,
): (scope: Scope) => Hit[] {
  const wanted: readonly ActionKind[] = typeof kinds === 'string' ? [kinds] : kinds;
  return (scope) =>
    scope.migration.statements.flatMap((statement, index) =>
      (statement.actions ?? []).flatMap((action) => {
        if (!wanted.includes(action.kind)) return [];
        const before = scope.migration.statements.slice(0, index);
        const hit = look(action as ActionOf<Kind>, scope, { statement, before });
        return hit === undefined ? [] : [{ ...hit, statement }];
      }),
    );
}

export interface Place {
  statement: ReadStatement;
  /** Statements of the same migration that ran before. */
  before: readonly ReadStatement[];
}

/** All actions of some statements. */
export function actionsOf(statements: readonly ReadStatement[]): Action[] {
  return statements.flatMap(({ actions }) => actions ?? []);
}

export const always = (severity: Severity) => () => severity;
