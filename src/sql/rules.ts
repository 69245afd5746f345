import type { Dialect } from '../core/model/dialect.ts';
import type { StatementBody } from './body.ts';
import type { Objection, StatementText } from './objection.ts';
import * as postgres from './postgres/index.ts';
import * as sqlite from './sqlite/index.ts';
import type { Token } from './token.ts';

/** What differs between the SQL of the databases, as far as text is concerned. */
interface SqlRules {
  nextToken(sql: string, start: number): Token;
  newBody(): StatementBody;
  /** Whether a statement with these first words cannot run in a transaction. */
  runsOnlyOutside(words: readonly string[]): boolean;
  /** A command of the database's own client, which no driver can run. */
  clientCommand(statement: StatementText): Objection | undefined;
  /** A statement that fails unless the condition is true, and whether an error is that failure. */
  assertion(condition: string): string;
  isAssertionFailure(error: { code?: string; message: string }): boolean;
  /** A name as the database compares it, from its text without quotes. */
  foldName(name: string): string;
}

export const SQL_RULES: Record<Dialect, SqlRules> = { postgres, sqlite };
