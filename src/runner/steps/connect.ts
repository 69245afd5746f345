import type { Step } from '../flow.ts';
import type { Connected } from '../state.ts';

/** Opens the database. A real run may make it where there is none yet (a first install); a dry run never does. */
export const connect: Step<object, Connected> = {
  name: 'connect',
  async run(_, { request, target, openDatabase, defer }) {
    const database = await openDatabase(target, {
      timeouts: request.timeouts,
      applicationName: `db-manager ${request.runId}`,
      create: !request.dryRun,
    });
    defer('the connection', () => database.close());
    return {
      kind: 'done',
      value: { database },
      message: `${database.identity.display} (${database.identity.serverVersion})`,
    };
  },
};
