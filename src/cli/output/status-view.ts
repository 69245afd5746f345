import type { DatabaseMigration } from '../../core/model/resource.ts';
import type { Io } from '../io.ts';
import { failureLines } from './excerpt.ts';
import { paint } from './paint.ts';
import { renderTable } from './table.ts';

/** A status as text: the current revision, the conditions, and what to do after a failure. */
export function renderStatus({ metadata, status }: DatabaseMigration, io: Io): string {
  const colour = paint(io);
  const lines = [
    '',
    `${colour.bold(`DatabaseMigration ${metadata.name}`)}  ${status?.database ?? ''}`,
    `  revision  ${status?.currentRevision ?? 'unknown'}`,
    `  pending   ${status?.pending ?? 'unknown'}`,
    ...(status?.backup === undefined
      ? []
      : [`  backup    ${status.backup.path} (verified by: ${status.backup.verifiedBy})`]),
    '',
    renderTable(
      ['CONDITION', 'STATUS', 'REASON', 'MESSAGE'],
      (status?.conditions ?? []).map(({ type, status, reason, message }) => [type, status, reason, message]),
      io.columns,
    ),
  ];
  const { failure } = status ?? {};
  if (failure !== undefined)
    lines.push('', `${colour.red(failure.reason)}: ${failure.message}`, ...failureLines(failure));
  return lines.join('\n');
}
