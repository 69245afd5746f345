import { REASONS } from '../../src/core/model/reason.ts';

const EXITS = ['done', 'failed', 'usage', 'pending or different', 'blocked until a person acts'];

/** `docs/reference/reasons.md`: one heading a reason, so that the word in a condition can be looked up. */
export function reasonsPage(note: string): string {
  const sections = Object.entries(REASONS).map(
    ([reason, { exit, means, help }]) =>
      `## ${reason}\n\n${means}\n\n**What to do.** ${help}\n\nExit code ${exit} (${EXITS[exit]}).\n`,
  );
  return [
    `<!-- ${note} -->`,
    '# Reasons',
    '',
    'Every outcome has one word. It is the reason of a condition and of an event, the `reason` in logs, metrics and JSON,',
    'and decides the exit code of the command line.',
    '',
    sections.join('\n'),
  ].join('\n');
}
