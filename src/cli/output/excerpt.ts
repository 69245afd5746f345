import { count } from '../../core/model/count.ts';
import type { Problem } from '../../core/model/problem.ts';
import { REASONS, type Reason } from '../../core/model/reason.ts';

/** Where a run failed: the migration, the position, the statement; then the page of the run, and what to do. */
export function failureLines(
  {
    reason,
    migration,
    position,
    statement,
  }: Pick<Problem, 'migration' | 'position' | 'statement'> & { reason: string },
  page: readonly string[] = [],
): string[] {
  return [
    ...(migration === undefined ? [] : [`  migration  ${migration}`]),
    ...(position === undefined ? [] : [`  at         ${position.file}:${position.line}:${position.column}`]),
    ...(statement === undefined ? [] : [renderExcerptOf(statement)]),
    ...page,
    `  next       ${REASONS[reason as Reason].help}`,
  ];
}

/** A statement as an indented block of at most a few lines. */
export function renderExcerptOf(statement: string, most = 8): string {
  const lines = statement.trim().split('\n');
  const shown = lines.slice(0, most).map((line) => `  | ${line}`);
  return lines.length > most
    ? [...shown, `  | … ${count(lines.length - most, 'more line')}`].join('\n')
    : shown.join('\n');
}
