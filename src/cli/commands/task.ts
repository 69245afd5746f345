import { defineCommand } from '../command.ts';

export const task = defineCommand({
  name: 'task',
  group: 'Clusters:',
  summary: 'process of the pod of a backup, a restore or a drift check; the operator starts it',
  description: 'Reads a task request from the environment, carries it out and prints its report.',
  examples: ['db-manager task'],
  async action(_, io) {
    const { DRIFT_REQUEST_VARIABLE } = await import('../../core/model/drift-check.ts');
    if (io.env[DRIFT_REQUEST_VARIABLE] !== undefined) {
      const { runDriftCheck } = await import('../processes/drift-check.ts');
      return runDriftCheck(io);
    }
    const { runTask } = await import('../processes/task.ts');
    await runTask(io);
  },
});
