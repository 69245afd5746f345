import { withVariables } from '../author/environment.ts';
import { textStart } from '../core/model/clip.ts';
import type { HistoryRow, HistoryWrite } from '../core/model/history.ts';
import type {
  Direction,
  LoadedMigration,
  MigrationBody,
  SentStatements,
  SqlStatement,
} from '../core/model/migration.ts';
import { type Problem, ProblemError } from '../core/model/problem.ts';
import { variablesFor } from './code-environment.ts';
import type { MigrationWork } from './port.ts';
import type { MigrationSession } from './session.ts';

/** The failure of one migration. */
interface Failure {
  problem: Problem;
  retry: 'safe' | 'never';
  /** The database may contain a part of this migration. */
  touched: boolean;
}

/** Carries a `Failure` through Umzug: the cause of its MigrationError. */
export class MigrationStopped extends Error {
  readonly failure: Failure | undefined;
  constructor(failure?: Failure, options?: { cause?: unknown }) {
    super(failure?.problem.message ?? 'stopped', options);
    this.failure = failure;
  }
}

/** The body for a direction. Throws ProblemError IrreversibleMigration: an empty one would remove the history row and keep the schema. */
export function bodyOf(migration: LoadedMigration, direction: Direction): MigrationBody {
  const body = direction === 'up' ? migration.up : migration.down;
  if (body !== undefined) return body;
  throw new ProblemError({
    reason: 'IrreversibleMigration',
    migration: migration.revision,
    message: `${migration.revision} has no ${direction} migration, so it was not reverted.`,
  });
}

/** What is known about a failure in addition to the database's message: the last statement sent, and the place in the code. */
export function failureLocation(
  { up, down }: LoadedMigration,
  error: unknown,
  problem: Problem,
  last: string | undefined,
): Pick<Problem, 'position' | 'statement'> {
  const body = up.kind === 'code' ? up : down?.kind === 'code' ? down : undefined;
  // An error in the author's own code is unrelated to the statement before it.
  const isAuthors = body !== undefined && problem.code === undefined;
  const statement = problem.statement ?? (isAuthors || last === undefined ? undefined : textStart(last, 1_000));
  const position = problem.position ?? body?.placeOf?.(error);
  return { ...(statement === undefined ? {} : { statement }), ...(position === undefined ? {} : { position }) };
}

/** Runs the body for a direction; `onStatement` is called with the SQL statement that is about to run. */
export async function runBody(
  migration: LoadedMigration,
  direction: Direction,
  session: MigrationSession,
  onStatement: (statement: SqlStatement) => void,
): Promise<void> {
  const body = bodyOf(migration, direction);
  if (body.kind === 'code') {
    const { queryInterface, sequelize, queries, target } = session.codeArguments(migration.revision);
    await withVariables(variablesFor(target, process.env), () => body.call(queryInterface, sequelize, queries));
    return;
  }
  for (const statement of body.statements) {
    onStatement(statement);
    await session.execute(statement);
  }
}

/** Writes the row of a migration that runs up, with its text; a row of one that is being reverted keeps its text. */
export function putRow(
  session: MigrationSession,
  migration: LoadedMigration,
  work: MigrationWork,
  state: HistoryRow['state'],
  began: number,
): Promise<void> {
  return session.putHistory(rowOf(migration, work, state, began, session.sentByCode(migration.revision)));
}

export function rowOf(
  migration: LoadedMigration,
  work: MigrationWork,
  state: HistoryRow['state'],
  began: number,
  sent?: SentStatements,
): HistoryWrite {
  const row = historyRow(migration, work, state, began);
  const stored = work.direction === 'up' ? migration.source?.(sent) : undefined;
  return stored === undefined ? row : { ...row, stored };
}

function historyRow(
  migration: LoadedMigration,
  work: MigrationWork,
  state: HistoryRow['state'],
  began: number,
): HistoryRow {
  return {
    revision: migration.revision,
    checksum: migration.checksum,
    appliedAt: new Date().toISOString(),
    durationMs: Math.round(performance.now() - began),
    runId: work.runId,
    toolVersion: work.toolVersion,
    state,
  };
}
