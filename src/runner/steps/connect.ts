import type { Step } from '../flow.ts';
import type { Connected } from '../state.ts';
import { few } from '../words.ts';

/** Opens the database. A real run makes a missing file, and a missing database where it was asked to; a dry run neither. */
export const connect: Step<object, Connected> = {
  name: 'connect',
  async run(_, { request, target, openDatabase, defer }) {
    const database = await openDatabase(target, {
      timeouts: request.timeouts,
      applicationName: `db-manager ${request.runId}`,
      create: !request.dryRun && (request.create === true || 'file'),
    });
    defer('the connection', () => database.close());
    const { display, serverVersion } = database.identity;
    // A crashed run cannot clean up after itself; whichever run comes next does.
    const stale = await database.dropStaleScratches();
    const dropped = stale.length === 0 ? '' : `; dropped what a crashed run left: ${few(stale)}`;
    return { kind: 'done', value: { database }, message: `${display} (${serverVersion})${dropped}` };
  },
};
