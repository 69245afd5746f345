import { defineCommand } from '../command.ts';
import { addClusterOptions } from '../options.ts';
import type { NamedOptions } from './resource.ts';

export const plan = defineCommand<NamedOptions>({
  name: 'plan',
  group: 'Clusters:',
  summary: 'show the last plan with the findings of the safety rules',
  examples: ['kubectl dbm plan orders -n shop'],
  configure: (command) => addClusterOptions(command).argument('<name>'),
  async action(options, io) {
    const { openResource } = await import('./resource.ts');
    const { pendingPlan } = await import('../../operator/approval.ts');
    const { planLines } = await import('../output/plan-lines.ts');
    const { resource, namespace } = await openResource(options);
    const { plan, safety, database } = resource.status ?? {};
    const pending = pendingPlan(resource);
    const awaits = typeof pending !== 'string';
    if (options.json === true) {
      return io.out(JSON.stringify({ name: options.name, namespace, plan, safety, awaitsApproval: awaits }, null, 2));
    }
    if (plan === undefined) return io.out(`${options.name} has no plan yet.`);
    for (const line of planLines(options.name, plan, safety)) io.out(line);
    io.out(`digest: ${plan.digest}`);
    io.out(
      awaits
        ? `The plan awaits approval for ${database ?? options.name}: kubectl dbm approve ${options.name} -n ${namespace}`
        : `The plan does not await approval (${pending}).`,
    );
  },
});
