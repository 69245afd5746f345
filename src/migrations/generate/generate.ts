/**
 * The difference between two schemas as the text of migrations, up and down. `core/schema` decides what to do, in which
 * order and in how many migrations. This module turns those decisions into SQL, and the SQL into the body of a file in
 * the requested format. Imports core only; `scaffold.ts` writes the files.
 */
import type { Dialect } from '../../core/model/dialect.ts';
import type { Snapshot } from '../../core/model/snapshot.ts';
import { planMigrationFiles, type Stage } from '../../core/schema/migration-files.ts';
import { lossOf, type Operation } from '../../core/schema/operations.ts';
import { type Rename, renameCandidates } from '../../core/schema/renames.ts';
import { postgresSql } from './postgres.ts';
import { bodyOf, type Language } from './render.ts';
import { sqliteSql } from './sqlite.ts';
import type { GeneratedStatement } from './statement.ts';

interface GeneratorInput {
  /** What should be: the models, or a replay. */
  expected: Snapshot;
  /** What is there. */
  found: Snapshot;
  format: Language;
  /** Renames that the user confirms; see `renameCandidates`. */
  renames?: readonly Rename[];
  /** PostgreSQL: long locks are avoided with migrations of their own. Default true. */
  safe?: boolean;
}

interface GeneratedFile {
  /** Bodies for `writeMigration` of `scaffold.ts`. */
  up: string;
  down: string;
  transaction: boolean;
  /** To be added to the message, where there are several: `index orders_account`. */
  title?: string;
}

export type GeneratedMigrations =
  | { kind: 'nothing' }
  | {
      kind: 'migration';
      /** In the order in which they are to be applied. */
      files: GeneratedFile[];
      /** Lost data, changes that may fail on existing rows, and possible renames; one line each. */
      warnings: string[];
      /** Why a person has to finish it before it can be applied. */
      unfinished?: string;
    };

/** Pure: the same schemas give the same text. */
export function generateMigration(options: GeneratorInput): GeneratedMigrations {
  const { expected, found, format, renames = [], safe } = options;
  const stages = planMigrationFiles(expected, found, { renames, safe });
  if (stages.length === 0) return { kind: 'nothing' };
  const questions = questionsOf(expected, found, renames);
  const files = stages.map((stage, index): GeneratedFile => {
    const up = statementsOf(expected.dialect, stage, stage.up);
    const down = statementsOf(expected.dialect, stage, stage.down);
    const title = titleOf(stage);
    return {
      up: bodyOf(format, index === 0 ? questions : [], up),
      down: bodyOf(format, [], down.length > 0 ? down : [NOTHING]),
      transaction: stage.transaction,
      ...(title === undefined || stages.length === 1 ? {} : { title }),
    };
  });
  const losses = stages.flatMap(({ up }) => up.flatMap(warningsOf));
  const stale = stages.some(({ up }) => up.some((step) => step.kind === 'createView' && step.stale !== undefined));
  const unfinished = stale ? { unfinished: 'a view was written before the renames and must be corrected first.' } : {};
  return { kind: 'migration', files, warnings: [...losses, ...questions], ...unfinished };
}

/** The statements, without a semicolon, that change the found schema into the expected one, in order. */
export function sqlBetween(expected: Snapshot, found: Snapshot): string[] {
  return planMigrationFiles(expected, found).flatMap((stage) =>
    stage.up.flatMap((operation) => SQL[expected.dialect](operation, stage)),
  );
}

export type { Rename } from '../../core/schema/renames.ts';
export { renameCandidates } from '../../core/schema/renames.ts';

const NOTHING: GeneratedStatement = { sql: 'SELECT 1', comments: ['Nothing to revert.'] };

const SQL: Record<Dialect, (operation: Operation, stage: Stage) => string[]> = {
  postgres: (operation, { transaction }) => postgresSql(operation, { concurrently: !transaction }),
  sqlite: (operation) => sqliteSql(operation),
};

function statementsOf(dialect: Dialect, stage: Stage, operations: readonly Operation[]): GeneratedStatement[] {
  return operations.flatMap((operation) => {
    const comments = warningsOf(operation);
    return SQL[dialect](operation, stage).map((sql, index) => ({ sql, comments: index === 0 ? comments : [] }));
  });
}

/** Warnings for the reviewer. */
function warningsOf(operation: Operation): string[] {
  const loss = lossOf(operation);
  const doubt = doubtOf(operation);
  return [...(loss === undefined ? [] : [`WARNING: ${loss}.`]), ...(doubt === undefined ? [] : [doubt])];
}

function doubtOf(operation: Operation): string | undefined {
  if (operation.kind === 'addConstraint' && operation.constraint.kind === 'unique') {
    return `Fails where rows of ${operation.table.name} share (${operation.constraint.key.columns.join(', ')}); writers wait while it is built.`;
  }
  if (
    operation.kind === 'addConstraint' &&
    operation.constraint.kind === 'check' &&
    !operation.constraint.check.validated
  ) {
    const column = /^"(.+)" IS NOT NULL$/.exec(operation.constraint.check.expression)?.[1];
    if (column !== undefined)
      return `Fill ${operation.table.name}.${column} in its rows before the next migration makes it NOT NULL.`;
  }
  if (operation.kind === 'alterColumn' && operation.properties.includes('type')) {
    return `Rewrites ${operation.table.name} unless the types are binary compatible, and fails where a value does not fit.`;
  }
  if (operation.kind === 'createView' && operation.stale !== undefined) {
    const names = operation.stale.map(({ from, to }) => `${to} for ${from}`).join(', ');
    return `Was written before the renames: read ${names} in ${operation.view.name}.`;
  }
  if (operation.kind === 'rebuildTable')
    return `SQLite has no ALTER for this: ${operation.to.name} is recreated and its rows are copied.`;
  return undefined;
}

function questionsOf(expected: Snapshot, found: Snapshot, renames: readonly Rename[]): string[] {
  const asked = renames.length > 0 ? [] : renameCandidates(expected, found);
  return asked.map((one) =>
    one.kind === 'table'
      ? `Is ${one.to} the table ${one.from} under a new name? Then rename it instead of dropping it.`
      : `Is ${one.table}.${one.to} the column ${one.from} under a new name? Then rename it instead of dropping it.`,
  );
}

function titleOf({ title, up }: Stage): string | undefined {
  const [first] = up;
  return title === 'index' && first?.kind === 'createIndex' ? `index ${first.index.name}` : title;
}
