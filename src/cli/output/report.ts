import { REASONS } from '../../core/model/reason.ts';
import type { RunReport } from '../../core/model/report.ts';
import type { Io } from '../io.ts';
import { renderExcerptOf } from './excerpt.ts';
import { paint } from './paint.ts';

/** The result of a run: one sentence, and for a failure the statement, the position and what to do. */
export function renderReport({ result, reason, message, failure, backup, page }: RunReport, io: Io): string {
  const colour = paint(io);
  const lines = ['', result === 'succeeded' ? colour.green(message) : `${colour.red(reason)}: ${message}`];
  if (backup !== undefined) lines.push(`  backup     ${backup.path}`);
  if (failure === undefined) return [...lines, ...pageLine(page)].join('\n');
  if (failure.migration !== undefined) lines.push(`  migration  ${failure.migration}`);
  if (failure.position !== undefined)
    lines.push(`  at         ${failure.position.file}:${failure.position.line}:${failure.position.column}`);
  if (failure.statement !== undefined) lines.push(renderExcerptOf(failure.statement));
  lines.push(...pageLine(page), `  next       ${REASONS[reason].help}`);
  return lines.join('\n');
}

function pageLine(page: string | undefined): string[] {
  return page === undefined ? [] : [`  report     ${page}`];
}
