import type { RunReport } from '../../core/model/report.ts';
import type { Io } from '../io.ts';
import { failureLines } from './excerpt.ts';
import { paint } from './paint.ts';

/** The result of a run: one sentence, and for a failure the statement, the position and what to do. */
export function renderReport({ result, reason, message, failure, backup, page }: RunReport, io: Io): string {
  const colour = paint(io);
  const lines = ['', result === 'succeeded' ? colour.green(message) : `${colour.red(reason)}: ${message}`];
  if (backup !== undefined) lines.push(`  backup     ${backup.path}`);
  const pageLine = page === undefined ? [] : [`  report     ${page}`];
  const end = failure === undefined ? pageLine : failureLines({ ...failure, reason }, pageLine);
  return [...lines, ...end].join('\n');
}
