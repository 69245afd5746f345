/** Statements that a program sent, as the safety rules read them. */
import type { Dialect } from '../../core/model/dialect.ts';
import type { ReadMigration } from '../../core/safety/action.ts';
import { NO_IGNORES } from './code-ignores.ts';
import { loadParser } from './parser.ts';
import { ofCode } from './read.ts';

/** A part of what a program sent: one migration of its own. */
export interface SentPart {
  /** The revision, or the command where none is known. */
  revision: string;
  statements: readonly string[];
  /** All of them were sent inside a transaction. */
  transactional: boolean;
}

export async function readSent(parts: readonly SentPart[], dialect: Dialect): Promise<ReadMigration[]> {
  if (parts.length === 0) return [];
  const parse = await loadParser(dialect);
  return parts.map(({ revision, statements, transactional }) => ({
    revision: revision,
    file: revision,
    direction: 'up',
    statements: statements.map((sql) => ofCode({ sql }, dialect, parse, NO_IGNORES)),
    transactional,
    reversible: true,
    opaque: false,
    ignore: [],
  }));
}
