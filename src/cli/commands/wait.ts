import type { Waited } from '../../library/wait.ts';
import { defineCommand } from '../command.ts';
import { seconds, type UnknownAppliedOption, unknownAppliedOf, unknownAppliedOption } from '../options.ts';
import { print } from '../output/print.ts';

/** A longer list of names is not useful in the log of an init container. */
const MOST_NAMES = 20;

/**
 * Exit 0 as soon as the revision is applied, 3 on timeout, 4 if older code cannot run on a newer database. Every change of the state that it waits for is written to
 * standard error, so that `kubectl logs` of a blocked pod shows the cause.
 */
export const wait = defineCommand<{ revision: string; timeout: number; unknownApplied?: UnknownAppliedOption }>({
  name: 'wait',
  group: 'Production:',
  summary: 'wait until a revision is applied; exit 3 on timeout',
  description: 'Queries the database, not the Job: for an init container that delays the start of an application.',
  examples: ['db-manager wait --revision head', 'db-manager wait --revision 20240601 --timeout 60'],
  configure: (command) =>
    command
      .option('--revision <revision>', 'a revision, its unique prefix, or head', 'head')
      .option(
        '--timeout <duration>',
        'such as 5m or 90s; a number without a unit is seconds, 0 waits without a limit',
        seconds,
        300,
      )
      .addOption(unknownAppliedOption()),
  async action({ unknownApplied, ...options }, io) {
    const { waitForRevision } = await import('../../library/wait.ts');
    const policy = unknownAppliedOf(unknownApplied);
    const waited = await waitForRevision({
      ...options,
      ...policy,
      signal: io.signal,
      onMessage: (message) => io.err(message),
    });
    print(io, options, waited, sentence);
    if (!waited.reached) io.setExitCode(3);
  },
});

function sentence({ reached, reason, revision, seconds, why, pending = [] }: Waited): string {
  if (reached && reason !== undefined) return `${reason}: ${why} (waited ${seconds.toFixed(1)} s).`;
  if (reached) return `${revision} is applied (waited ${seconds.toFixed(1)} s).`;
  const names = pending.length > 1 ? pending.slice(0, MOST_NAMES).map((name) => `  pending  ${name}`) : [];
  const more = pending.length > MOST_NAMES ? [`  and ${pending.length - MOST_NAMES} more`] : [];
  return [`${revision} is not applied after ${seconds.toFixed(0)} s: ${why}`, ...names, ...more].join('\n');
}
