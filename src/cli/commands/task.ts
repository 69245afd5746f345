import { defineCommand } from '../command.ts';

export const task = defineCommand({
  name: 'task',
  group: 'Clusters:',
  summary: 'process of the pod of a backup or a restore; the operator starts it',
  description: 'Reads a task request from the environment, carries it out and prints its report.',
  examples: ['db-manager task'],
  async action(_, io) {
    const { runTask } = await import('../processes/task.ts');
    await runTask(io);
  },
});
