import type { Current } from '../../library/current.ts';
import { defineCommand } from '../command.ts';
import { print } from '../output/print.ts';

/** Exit 3 if migrations are pending, 4 if a migration was interrupted. Imports almost nothing. */
export const migrateCurrent = defineCommand({
  name: 'migrate current',
  group: 'From a model to a migration:',
  summary: 'show the current revision; exit 3 if migrations are pending',
  examples: ['db-manager migrate current', 'db-manager migrate current --json'],
  async action(options, io) {
    const { getCurrentRevision } = await import('../../library/current.ts');
    const found = await getCurrentRevision(options);
    print(io, options, found, (current) => sentence(current, options.verbose === true));
    if (found.interrupted.length > 0) io.setExitCode(4);
    else if (!found.upToDate) io.setExitCode(3);
  },
});

function sentence({ revision, head, pending, interrupted, unknown }: Current, verbose: boolean): string {
  const cutOff = interrupted.map(
    (name) => `${name} was interrupted; its state is unknown. Inspect the database, then run: db-manager repair`,
  );
  if (pending.length === 0 && unknown.length > 0) {
    const place = unknown.some((name) => name === revision) ? `newer than the files, which end with ${head}` : 'head';
    const list = unknown.map((name) => `  not in the files  ${name}`);
    return [`${revision} (${place})`, ...list, ...cutOff].join('\n');
  }
  if (pending.length === 0) return [`${revision} (head)`, ...cutOff].join('\n');
  const list = verbose ? pending.map((name) => `  pending  ${name}`) : [];
  const first = `${revision} (${pending.length} pending; head is ${head})`;
  return [first, ...list, ...cutOff, 'To apply them: db-manager safe-migrate'].join('\n');
}
