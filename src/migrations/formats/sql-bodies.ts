import type { Dialect } from '../../core/model/dialect.ts';
import type { SqlStatement } from '../../core/model/migration.ts';
import { refuseStatements } from '../../sql/refuse.ts';
import { splitSql } from '../../sql/split.ts';
import { needsNoTransaction, transactionControl, withoutOwnTransaction } from '../../sql/transaction.ts';
import type { Bodies, SourceFile, SqlSection } from './format.ts';
import { SQL_FORMATS } from './sql-formats.ts';

/** Reads SQL files in whichever format they are written. Throws ProblemError InvalidMigration. */
export function sqlBodies(sources: readonly SourceFile[], dialect: Dialect): Bodies {
  const format = SQL_FORMATS.find((candidate) => candidate.detect(sources));
  if (format === undefined) throw new Error('plain SQL takes every file');
  const sections = format.read(sources, dialect);
  const up = readSection(sections.up, dialect, format.optOut ?? MARK);
  const down = sections.down === undefined ? undefined : readSection(sections.down, dialect, format.optOut ?? MARK);
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

/** The same as a person writes it. */
const MARK = '-- db-manager:transaction:false';

interface Section {
  statements: SqlStatement[];
  transactional: boolean;
}

function readSection(section: SqlSection, dialect: Dialect, optOut: string): Section {
  const split = section.pieces.flatMap(({ text, file, line }) => splitSql(text, dialect, { file, line }));
  const optedOut = section.pieces.some(({ text }) => NO_TRANSACTION.test(text));
  if (section.ownTransaction) return readAsItIs(split, dialect, optedOut);
  const transactional = section.transaction ?? !(optedOut || needsNoTransaction(split, dialect));
  refuseStatements(split, dialect, transactional, optOut);
  return { statements: split, transactional };
}

/** The author's BEGIN and COMMIT count: around everything they are ours, anywhere else the file is sent as it is. */
function readAsItIs(split: SqlStatement[], dialect: Dialect, optedOut: boolean): Section {
  const inside = withoutOwnTransaction(split, dialect);
  const own = inside.some(({ sql }) => transactionControl(sql, dialect) !== undefined);
  const statements = own || optedOut ? split : inside;
  const transactional = !(own || optedOut || needsNoTransaction(statements, dialect));
  refuseStatements(statements, dialect, transactional, MARK);
  return { statements, transactional };
}
