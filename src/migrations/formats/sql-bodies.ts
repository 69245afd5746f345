import type { Dialect } from '../../core/model/dialect.ts';
import type { SqlStatement } from '../../core/model/migration.ts';
import { refuseStatements } from '../../sql/refuse.ts';
import { splitSql } from '../../sql/split.ts';
import { needsNoTransaction, transactionControl, withoutOwnTransaction } from '../../sql/transaction.ts';
import type { Bodies, SourceFiles, SqlSection } from './format.ts';
import { saysNoTransaction } from './no-transaction.ts';
import { SQL_FORMATS } from './sql-formats.ts';
import { withToolTable } from './tool-tables.ts';

/** Reads SQL files in whichever format they are written. Throws ProblemError InvalidMigration. */
export function sqlBodies(sources: SourceFiles, dialect: Dialect): Bodies {
  const format = SQL_FORMATS.find((candidate) => candidate.detect(sources));
  if (format === undefined) throw new Error('plain SQL takes every file');
  const sections = format.read(sources, dialect);
  const up = readSection(sections.up, dialect, format.optOut ?? MARK);
  const down = sections.down === undefined ? undefined : readSection(sections.down, dialect, format.optOut ?? MARK);
  // The tools' templates leave an empty down behind: reverting nothing must not count as having reverted.
  const reverts = down !== undefined && (down.statements.length > 0 || up.statements.length === 0);
  return {
    format: format.format,
    up: { kind: 'sql', statements: withToolTable(up.statements, format.format, dialect) },
    down: reverts ? { kind: 'sql', statements: withToolTable(down.statements, format.format, dialect) } : undefined,
    transactional: { up: up.transactional, down: down?.transactional ?? true },
  };
}

/** For formats without a directive for it. */
const MARK = '-- db-manager:transaction:false';

interface Section {
  statements: SqlStatement[];
  transactional: boolean;
}

/**
 * The author's BEGIN and COMMIT around everything are ours. Anywhere else they count in the formats of tools that send
 * the file as it is; then it runs outside our transaction.
 */
function readSection(section: SqlSection, dialect: Dialect, optOut: string): Section {
  const split = section.pieces.flatMap(({ text, file, line }) => splitSql(text, dialect, { file, line }));
  const optedOut = section.transaction === false || section.pieces.some(({ text }) => saysNoTransaction(text, dialect));
  const statements = optedOut ? split : withoutOwnTransaction(split, dialect);
  const control = ({ sql }: SqlStatement) => transactionControl(sql, dialect);
  if (section.ownTransaction !== undefined && !optedOut && statements.some((one) => control(one) !== undefined)) {
    const { unbegun, open } = blocksOf(split, control);
    if (section.ownTransaction === 'any' || (unbegun.length === 0 && !open)) {
      refuseStatements(split, dialect, false, optOut);
      // The tool's transaction would be rolled back, and here there is none.
      const rollbacks = unbegun.filter((one) => /^(?:ROLLBACK|ABORT)$/.test(control(one) ?? ''));
      refuseStatements(rollbacks, dialect, true, optOut);
      return { statements: split, transactional: false };
    }
  }
  const transactional = section.transaction ?? !(optedOut || needsNoTransaction(statements, dialect));
  refuseStatements(statements, dialect, transactional, optOut);
  return { statements, transactional };
}

/** The commands that end a transaction which the author has not begun, and whether one stays open at the end. */
function blocksOf(statements: readonly SqlStatement[], control: (statement: SqlStatement) => string | undefined) {
  let open = false;
  const unbegun = statements.filter((statement) => {
    const command = control(statement);
    if (command === undefined) return false;
    const begins = command === 'BEGIN' || command === 'START TRANSACTION';
    const alone = !begins && !open;
    open = begins;
    return alone;
  });
  return { unbegun, open };
}
