import { ProblemError } from '../../core/model/problem.ts';
import { REASONS, type Reason } from '../../core/model/reason.ts';
import type { DatabaseMigration } from '../../core/model/resource.ts';
import { ClusterConflict, type ClusterOptions, openCluster } from '../cluster.ts';
import { ready } from '../cluster-wait.ts';
import type { Io } from '../io.ts';
import { confirm } from '../output/confirm.ts';
import { renderStatus } from '../output/status-view.ts';
import { renderTable } from '../output/table.ts';

export interface StatusOptions extends ClusterOptions {
  allNamespaces?: boolean;
  json?: boolean;
}

/** `db-manager status [name]`: the details of one resource, or a list with one line per resource. */
export async function status(name: string | undefined, options: StatusOptions, io: Io): Promise<void> {
  const { client, namespace } = await openCluster(options);
  if (name !== undefined) {
    const resource = await client.get(namespace, name);
    if (resource === undefined) throw notThere(name, namespace);
    io.out(options.json === true ? JSON.stringify(resource, null, 2) : renderStatus(resource, io));
    io.setExitCode(exitOf(resource));
    return;
  }
  const items = await client.list(options.allNamespaces === true ? undefined : namespace);
  if (options.json === true) return io.out(JSON.stringify({ items }, null, 2));
  if (items.length === 0)
    return io.out(
      `No DatabaseMigration was found in ${options.allNamespaces ? 'the cluster' : `namespace ${namespace}`}.`,
    );
  io.out(
    renderTable(
      ['NAMESPACE', 'NAME', 'REVISION', 'PENDING', 'READY', 'STATUS'],
      items.map(({ metadata, status }) => [
        metadata.namespace ?? '',
        metadata.name,
        status?.currentRevision ?? '',
        String(status?.pending ?? ''),
        ready({ status })?.status ?? 'Unknown',
        status?.summary ?? '',
      ]),
      io.columns,
    ),
  );
}

export interface ApproveOptions extends ClusterOptions {
  yes?: boolean;
  json?: boolean;
}

/** `db-manager approve <name>`: shows the pending plan, asks, and approves exactly that plan. */
export async function approve(name: string, options: ApproveOptions, io: Io): Promise<void> {
  const { client, namespace } = await openCluster(options);
  const resource = await client.get(namespace, name);
  if (resource === undefined) throw notThere(name, namespace);
  const { plan, safety } = resource.status ?? {};
  const state = ready(resource);
  const current = resource.status?.observedGeneration === resource.metadata.generation;
  if (plan === undefined || !current || (state?.reason !== 'AwaitingApproval' && state?.reason !== 'PlanChanged')) {
    const why = current
      ? `${state?.reason ?? 'Unknown'}: ${state?.message ?? 'it has no status yet'}`
      : 'the operator has not processed its current spec yet';
    throw new ProblemError({ reason: 'Cancelled', message: `${name} has no plan that awaits approval (${why})` });
  }
  if (options.json !== true) {
    io.out(`${name} would ${plan.direction === 'up' ? 'apply' : 'revert'}:`);
    for (const migration of plan.migrations) io.out(`  ${migration}`);
    if (plan.more !== undefined) io.out(`  and ${plan.more} more`);
    for (const { severity, rule, migration, message, advice, also = [] } of safety?.findings ?? []) {
      io.out(`${severity}: ${rule} in ${migration ?? 'the plan'}: ${message}`);
      if (advice !== undefined) io.out(`  ${advice.replaceAll('\n', '\n  ')}`);
      for (const other of also) io.out(`  also ${other}`);
    }
  }
  await confirm(
    io,
    options.yes === true,
    `Approve exactly this plan (${plan.digest.slice(0, 19)}…) for ${resource.status?.database ?? name}?`,
    '--yes',
  );
  // With the resource version that was shown: if it has changed since, the approval is rejected.
  const { resourceVersion } = resource.metadata;
  const body = { metadata: { resourceVersion }, spec: { approvedPlan: plan.digest } };
  await client.patch(namespace, name, body).catch((error: unknown) => {
    if (!(error instanceof ClusterConflict)) throw error;
    throw new ProblemError({
      reason: 'PlanChanged',
      message: `${name} has changed since it was shown; nothing was approved. Run the command again to review it.`,
    });
  });
  io.out(
    options.json === true
      ? JSON.stringify({ name, namespace, approvedPlan: plan.digest }, null, 2)
      : `Approved. Follow it: db-manager status ${name} -n ${namespace}`,
  );
}

/** The exit code for the state of the resource. */
export function exitOf(resource: Pick<DatabaseMigration, 'status'>): number {
  const state = ready(resource);
  if (state === undefined) return 3;
  return state.status === 'True' ? 0 : (REASONS[state.reason as Reason]?.exit ?? 1);
}

function notThere(name: string, namespace: string): ProblemError {
  const message = `DatabaseMigration ${name} was not found in namespace ${namespace}. List all of them: db-manager status -A`;
  return new ProblemError({ reason: 'InvalidConfiguration', message });
}
