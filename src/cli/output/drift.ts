import { count } from '../../core/model/count.ts';
import type { DriftResult } from '../../library/drift.ts';

/** Each difference with the SQL that undoes it, and what to do. */
export function renderDrift({ inSync, expected, differences, ignored, notes }: DriftResult): string {
  const left = [
    ...(ignored === 0 ? [] : [`  ! Ignored: ${count(ignored, 'difference')}`]),
    ...notes.map((note) => `  ! Not checked: ${note}`),
  ];
  if (inSync) return [`The schema matches ${expected}. No drift was found.`, ...left].join('\n');
  return [
    `The schema differs from ${expected} in ${count(differences.length, 'place')}:`,
    ...differences.flatMap(({ message, fix, sql }) => [
      `  ✗ ${message}`,
      ...(sql.length === 0
        ? [`    to undo it: ${fix}`]
        : sql.map((statement) => `      ${statement.replaceAll('\n', '\n      ')};`)),
    ]),
    'Nothing was changed. Run the SQL above to undo a change, or write a migration that makes the same change.',
    ...left,
  ].join('\n');
}
