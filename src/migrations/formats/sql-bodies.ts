import type { Dialect } from '../../core/model/dialect.ts';
import type { SqlStatement } from '../../core/model/migration.ts';
import { refuseStatements } from '../sql/refuse.ts';
import { splitSql } from '../sql/split.ts';
import { needsNoTransaction, withoutOwnTransaction } from '../sql/transaction.ts';
import type { Bodies, SourceFile, SqlSection } from './format.ts';
import { SQL_FORMATS } from './sql-formats.ts';

/** Reads SQL files in whichever format they are written. Throws ProblemError InvalidMigration. */
export function sqlBodies(sources: readonly SourceFile[], dialect: Dialect): Bodies {
  const format = SQL_FORMATS.find((candidate) => candidate.detect(sources));
  if (format === undefined) throw new Error('plain SQL takes every file');
  const sections = format.read(sources, dialect);
  const up = readSection(sections.up, dialect);
  const down = sections.down === undefined ? undefined : readSection(sections.down, dialect);
  // The tools' templates leave an empty down behind: reverting nothing must not count as having reverted.
  const reverts = down !== undefined && (down.statements.length > 0 || up.statements.length === 0);
  return {
    format: format.format,
    up: { kind: 'sql', statements: up.statements },
    down: reverts ? { kind: 'sql', statements: down.statements } : undefined,
    transactional: { up: up.transactional, down: down?.transactional ?? true },
  };
}

/** For formats that have no word for it: a line of the file that says so. */
const NO_TRANSACTION = /^--[ \t]*(?:db-manager:)?[ \t]*transaction:[ \t]*false[ \t]*$/im;

function readSection(section: SqlSection, dialect: Dialect): { statements: SqlStatement[]; transactional: boolean } {
  const split = section.pieces.flatMap(({ text, file, line }) => splitSql(text, dialect, { file, line }));
  const statements = section.ownTransaction ? withoutOwnTransaction(split, dialect) : split;
  const optedOut = section.pieces.some(({ text }) => NO_TRANSACTION.test(text));
  const transactional = section.transaction ?? !(optedOut || needsNoTransaction(statements, dialect));
  refuseStatements(statements, dialect, transactional);
  return { statements, transactional };
}
