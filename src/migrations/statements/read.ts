/**
 * Migrations as the safety rules see them: every statement with its place and its actions, and the rules that a comment
 * next to it disables. Statements of SQL files are known; those of code are what was recorded (`engine/recording.ts`,
 * `library/lint/`). Imports core and this module.
 */
import type { Dialect } from '../../core/model/dialect.ts';
import type { Direction, LoadedMigration, SqlStatement } from '../../core/model/migration.ts';
import type { SourcePosition } from '../../core/model/problem.ts';
import type { ReadMigration, ReadStatement } from '../../core/safety/action.ts';
import { readIgnores } from '../../core/safety/ignore.ts';
import { firstOffset } from '../../sql/keywords.ts';
import { positionAt } from '../../sql/split.ts';
import { runsOnlyOutside } from '../../sql/transaction.ts';
import { mainFile } from '../formats/format.ts';
import { type CodeIgnores, type CodeText, NO_CODE, readCode } from './code-ignores.ts';
import { loadParser, type Parser } from './parser.ts';
import { withoutPlaceholders } from './placeholders.ts';

/** What the code of one migration sent, in order. */
export interface Recorded {
  statements: { sql: string; position?: SourcePosition }[];
  /** False where it stopped before its end, so that there may be more. */
  complete: boolean;
}

export interface StatementOptions {
  dialect: Dialect;
  direction: Direction;
  /** By revision; code that is not in it is opaque. */
  recorded?: ReadonlyMap<string, Recorded>;
}

/** Reads migrations in the given order. The parser is loaded once, and only where there is something to read. */
export async function readStatements(
  folder: string,
  migrations: readonly LoadedMigration[],
  options: StatementOptions,
): Promise<ReadMigration[]> {
  if (migrations.length === 0) return [];
  const parse = await loadParser(options.dialect);
  const done: ReadMigration[] = [];
  for (const migration of migrations) {
    const body = bodyOf(migration, options.direction);
    const code = body?.kind === 'code' ? await readCode(folder, migration) : NO_CODE;
    done.push(readOne(migration, options, parse, code));
  }
  return done;
}

function bodyOf({ up, down }: LoadedMigration, direction: Direction) {
  return direction === 'up' ? up : down;
}

function readOne(
  migration: LoadedMigration,
  { dialect, direction, recorded }: StatementOptions,
  parse: Parser,
  { ignores, imports }: CodeText,
): ReadMigration {
  const body = bodyOf(migration, direction);
  const known = recorded?.get(migration.revision);
  const sent = body?.kind === 'code' ? (known?.statements ?? []) : [];
  return {
    revision: migration.revision,
    file: mainFile(migration),
    direction,
    statements:
      body?.kind === 'sql'
        ? body.statements.map((statement) => ofFile(statement, dialect, parse))
        : sent.map((statement) => ofCode(statement, dialect, parse, ignores)),
    transactional: staysInTransaction(migration, direction, sent, dialect),
    reversible: direction === 'down' || migration.down !== undefined,
    opaque: body?.kind === 'code' && known?.complete !== true,
    ...(imports.length > 0 ? { imports } : {}),
    ignore: ignores.elsewhere(sent.map(({ position }) => position)),
  };
}

/** Code that sends a statement which cannot run in a transaction runs outside one; see `mayLeave` of the database. */
export function staysInTransaction(
  { transactional, atomic }: LoadedMigration,
  direction: Direction,
  sent: readonly { sql: string }[],
  dialect: Dialect,
): boolean {
  return transactional[direction] && (atomic === true || !sent.some(({ sql }) => runsOnlyOutside(sql, dialect)));
}

function ofFile(statement: SqlStatement, dialect: Dialect, parse: Parser): ReadStatement {
  const { sql } = statement;
  const parsed = parse(sql);
  const ignore = sql.includes('db-manager:') ? readIgnores(sql) : [];
  return 'actions' in parsed
    ? { sql, position: positionAt(statement, firstOffset(sql, dialect)), actions: parsed.actions, ignore }
    : { sql, position: positionAt(statement, parsed.offset), actions: undefined, unread: parsed.message, ignore };
}

export function ofCode(
  { sql, position }: Recorded['statements'][number],
  dialect: Dialect,
  parse: Parser,
  ignores: CodeIgnores,
): ReadStatement {
  const ignore = [...readIgnores(sql), ...ignores.at(position)];
  let parsed = parse(sql);
  if (!('actions' in parsed)) parsed = parse(withoutPlaceholders(sql, dialect));
  return 'actions' in parsed
    ? { sql, position, actions: parsed.actions, ignore }
    : { sql, position, actions: undefined, unread: parsed.message, ignore };
}
