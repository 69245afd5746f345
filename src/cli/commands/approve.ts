import { ProblemError } from '../../core/model/problem.ts';
import type { ClusterOptions } from '../cluster.ts';
import { defineCommand } from '../command.ts';
import { addClusterOptions } from '../options.ts';
import { confirm } from '../output/confirm.ts';
import { print } from '../output/print.ts';

/** Shows the pending plan, asks, and approves exactly that plan. */
export const approve = defineCommand<ClusterOptions & { name: string; yes?: boolean }>({
  name: 'approve',
  group: 'Clusters:',
  summary: 'approve the pending plan, and no other',
  examples: ['db-manager approve orders -n shop'],
  configure: (command) => addClusterOptions(command).argument('<name>').option('-y, --yes', 'skip the confirmation'),
  async action({ name, ...options }, io) {
    const { ClusterConflict, notFound, openCluster } = await import('../cluster.ts');
    const { approvePlan, pendingPlan } = await import('../../operator/approval.ts');
    const { client, namespace } = await openCluster(options);
    const resource = await client.get(namespace, name);
    if (resource === undefined) throw notFound(name, namespace);
    const pending = pendingPlan(resource);
    if (typeof pending === 'string') {
      const message = `${name} has no plan that awaits approval (${pending})`;
      throw new ProblemError({ reason: 'Cancelled', message });
    }
    const { plan, safety } = pending;
    if (options.json !== true) {
      const { planLines } = await import('../output/plan-lines.ts');
      for (const line of planLines(name, plan, safety)) io.out(line);
    }
    await confirm(
      io,
      options.yes === true,
      `Approve exactly this plan (${plan.digest.slice(0, 19)}…) for ${resource.status?.database ?? name}?`,
      '--yes',
    );
    await approvePlan(client, resource, plan.digest).catch((error: unknown) => {
      if (!(error instanceof ClusterConflict)) throw error;
      throw new ProblemError({
        reason: 'PlanChanged',
        message: `${name} has changed since it was shown; nothing was approved. Run the command again to review it.`,
      });
    });
    const text = `Approved. Follow it: db-manager status ${name} -n ${namespace}`;
    print(io, options, { name, namespace, approvedPlan: plan.digest }, () => text);
  },
});
