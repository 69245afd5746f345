import { defineCommand } from '../command.ts';

export const runner = defineCommand({
  name: 'runner',
  group: 'Clusters:',
  summary: 'process of a run pod; the operator starts it',
  description: 'Reads a run request from the environment, runs it and prints one JSON line per event.',
  examples: ['db-manager run -f migration.yaml   # the same run locally, without a cluster'],
  async action(_, io) {
    const { runRunner } = await import('../processes/runner.ts');
    await runRunner(io);
  },
});
