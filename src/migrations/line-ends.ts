import type { SqlStatement } from '../core/model/migration.ts';
import type { Bodies } from './formats/format.ts';

/** For each line of a file, from 1, whether it ends with CRLF; undefined where none does. */
type LineEnds = ReadonlySet<number> | undefined;

export function lineEndsOf(text: string): LineEnds {
  if (!text.includes('\r\n')) return undefined;
  return new Set(text.split('\n').flatMap((line, index) => (line.endsWith('\r') ? [index + 1] : [])));
}

/**
 * Files are read with LF, so that formats and checksums are the same on every machine. What is sent has the line ends of
 * the file, as with every other tool: the body of a function and a text with several lines contain them.
 */
export function withLineEnds(bodies: Bodies, ends: ReadonlyMap<string, LineEnds>): Bodies {
  if ([...ends.values()].every((lines) => lines === undefined)) return bodies;
  const restored = <Body extends Bodies['up'] | Bodies['down']>(body: Body): Body =>
    body?.kind === 'sql'
      ? { ...body, statements: body.statements.map((one) => restore(one, ends.get(one.file))) }
      : body;
  return { ...bodies, up: restored(bodies.up), down: restored(bodies.down) };
}

function restore(statement: SqlStatement, ends: LineEnds): SqlStatement {
  if (ends === undefined || !statement.sql.includes('\n')) return statement;
  const lines = statement.sql.split('\n');
  const sql = lines.map((line, index) => {
    if (index === lines.length - 1) return line;
    return `${line}${ends.has(statement.line + index) ? '\r' : ''}\n`;
  });
  return { ...statement, sql: sql.join('') };
}
