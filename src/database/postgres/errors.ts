import { textStart } from '../../core/model/clip.ts';
import { addressOf, displayTarget } from '../../core/model/database-url.ts';
import type { SqlStatement } from '../../core/model/migration.ts';
import { type Problem, ProblemError } from '../../core/model/problem.ts';
import type { Reason } from '../../core/model/reason.ts';
import { joinSentences } from '../../core/model/sentences.ts';
import type { PostgresTarget } from '../../core/model/target.ts';
import { assertionProblem } from '../../sql/assertion.ts';

/** SQLSTATEs (PostgreSQL manual, appendix A) that are not the migration's own fault. Kept as strings. */
const REASON_OF_STATE: Record<string, Reason> = {
  '55P03': 'LockTimeout',
  '40P01': 'LockTimeout',
  '40001': 'LockTimeout',
  '57014': 'StatementTimeout',
  '57P01': 'ConnectionLost',
  '57P02': 'ConnectionLost',
  '08000': 'ConnectionLost',
  '08003': 'ConnectionLost',
  '08006': 'ConnectionLost',
  '53100': 'NoSpace',
  '53300': 'DatabaseUnreachable',
  '42501': 'PermissionDenied',
  '25006': 'PermissionDenied',
};

/** PgBouncer disconnects a client that starts a transaction in statement mode; its SQLSTATE only means "protocol violation". */
const STATEMENT_POOLING = /transaction blocks not allowed in statement pooling mode/i;

const NO_CONNECTION =
  'A run has several connections at a time. Raise the limit of the role, of the database or of the server, or end other sessions.';

const CONNECTION_LOST =
  /ECONNRESET|EPIPE|Connection terminated|ETIMEDOUT|server closed the connection|Client has encountered a connection error|not queryable/i;

/** What node-postgres' DatabaseError has; Sequelize keeps it as `original`. */
interface ServerError {
  code?: string;
  position?: string;
  message: string;
  detail?: string;
  hint?: string;
}

export function serverError(error: unknown): ServerError | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('original' in error) return serverError(error.original);
  if ('code' in error && typeof error.code === 'string' && 'message' in error) return error as ServerError;
  return 'cause' in error ? serverError(error.cause) : undefined;
}

export function reasonOf(error: unknown): Reason | undefined {
  const server = serverError(error);
  if (server !== undefined && STATEMENT_POOLING.test(server.message)) return 'PoolerUnsupported';
  const known = server?.code === undefined ? undefined : REASON_OF_STATE[server.code];
  if (known !== undefined) return known;
  const text = error instanceof Error ? `${server?.code ?? ''} ${error.message}` : '';
  return CONNECTION_LOST.test(text) ? 'ConnectionLost' : undefined;
}

export function problemOf(error: unknown, statement: SqlStatement | undefined): Problem {
  if (error instanceof ProblemError) return error.problem;
  const server = serverError(error);
  const text = error instanceof Error ? error.message : String(error);
  const untrue = assertionOf(statement, { code: server?.code, message: text });
  if (untrue !== undefined) return untrue;
  const reason = reasonOf(error) ?? 'MigrationFailed';
  return {
    reason,
    message:
      reason === 'PoolerUnsupported'
        ? poolerMessage('statement')
        : joinSentences(text, server?.detail, server?.hint, server?.code === '53300' ? NO_CONNECTION : undefined),
    ...(server?.code === undefined ? {} : { code: server.code }),
    ...(statement === undefined
      ? sqlOf(error)
      : { statement: textStart(statement.sql, 1_000), position: positionOf(server?.position, statement) }),
  };
}

function assertionOf(
  statement: SqlStatement | undefined,
  error: { code?: string; message: string },
): Problem | undefined {
  if (statement?.assertion === undefined) return undefined;
  const problem = assertionProblem(statement.assertion, 'postgres', error);
  const { file, line, column } = statement;
  return problem && { ...problem, position: { file, line, column } };
}

export function poolerMessage(mode: 'transaction' | 'statement'): string {
  return mode === 'transaction'
    ? 'The connection uses a pooler in transaction mode (two connections share one server session), so session-level locks do not work. Connect to PostgreSQL directly, or to a pool in session mode.'
    : 'The connection uses a pooler in statement mode, so transactions and session-level locks do not work. Connect to PostgreSQL directly, or to a pool in session mode.';
}

/** The same functions; errors of the server with a known code are thrown as ProblemError, with the server's message. */
export function mapErrors<Port extends object>(port: Port): Port {
  const toProblemError = (error: unknown) => {
    if (error instanceof ProblemError || reasonOf(error) === undefined) throw error;
    throw new ProblemError(problemOf(error, undefined), { cause: error });
  };
  // Not by value: getters are not evaluated here.
  const wrapped = Object.entries(Object.getOwnPropertyDescriptors(port)).map(([name, property]) => {
    const { value } = property;
    if (typeof value !== 'function') return [name, property];
    return [name, { ...property, value: async (...args: unknown[]) => value(...args).catch(toProblemError) }];
  });
  return Object.defineProperties({}, Object.fromEntries(wrapped)) as Port;
}

function sqlOf(error: unknown): { statement?: string } {
  return typeof error === 'object' && error !== null && 'sql' in error && typeof error.sql === 'string'
    ? { statement: textStart(error.sql, 1_000) }
    : {};
}

/** The server counts characters of the statement from 1; the file counts lines. */
function positionOf(position: string | undefined, { sql, file, line, column }: SqlStatement) {
  const characters = [...sql].slice(0, Math.max(0, Number(position ?? 1) - 1));
  const breaks = characters.filter((char) => char === '\n').length;
  const lastBreak = characters.lastIndexOf('\n');
  return breaks === 0
    ? { file, line, column: column + characters.length }
    : { file, line: line + breaks, column: characters.length - lastBreak };
}

/** Why the connection failed, as a message; `passing` failures may be retried. Never contains the password. */
export function connectProblem(error: unknown, target: PostgresTarget): { problem: Problem; passing: boolean } {
  const { code, message = '' } = serverError(error) ?? {
    message: error instanceof Error ? error.message : String(error),
  };
  const where = displayTarget(target);
  const toProblemError = (reason: Reason, text: string, passing = false) => ({
    problem: { reason, message: text, ...(code === undefined ? {} : { code }) },
    passing,
  });
  switch (code) {
    case '28P01':
    case '28000':
      return toProblemError('AuthenticationFailed', `${where} rejects the user "${target.user}": ${message}`);
    case '3D000':
      return toProblemError(
        'DatabaseNotFound',
        `${addressOf(target)} has no database "${target.database}". Create it with db-manager init, or correct the name.`,
      );
    case '08P01':
      // A pooler's answer to options that it does not support.
      return toProblemError('DatabaseUnreachable', `${where} rejects the connection: ${message}`);
    case '42501':
      return toProblemError('PermissionDenied', `${where}: ${message}`);
    case '57P03':
      return toProblemError('DatabaseUnreachable', `${where} is starting up or shutting down: ${message}`, true);
    case '53300':
      return toProblemError('DatabaseUnreachable', `${where} has no free connection: ${message}`, true);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return toProblemError('DatabaseUnreachable', `The host name ${target.host} cannot be resolved.`, true);
    case 'ECONNREFUSED':
      return toProblemError(
        'DatabaseUnreachable',
        `No server is listening at ${addressOf(target)} (connection refused).`,
        true,
      );
  }
  if (/password must be a string|no password supplied|SASL/i.test(message)) {
    return toProblemError('AuthenticationFailed', `${where} requires a password, but none was given.`);
  }
  if (/certificate|self-signed|SSL|TLS/i.test(message)) {
    return toProblemError(
      'DatabaseUnreachable',
      `TLS with ${addressOf(target)} (sslmode ${target.ssl.mode}) failed: ${message}`,
    );
  }
  return toProblemError('DatabaseUnreachable', `${where} cannot be reached: ${message || 'no answer in time'}`, true);
}
