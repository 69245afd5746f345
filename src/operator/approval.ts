import type { DatabaseMigration, DatabaseMigrationStatus } from '../core/model/resource.ts';
import { conditionOf } from '../core/model/resource-state.ts';
import type { ResourceClient } from './resource-client.ts';

interface PendingPlan {
  plan: NonNullable<DatabaseMigrationStatus['plan']>;
  safety: DatabaseMigrationStatus['safety'];
}

/** The plan that awaits approval, or why there is none, as the end of a sentence. */
export function pendingPlan({
  metadata,
  status,
}: Pick<DatabaseMigration, 'metadata' | 'status'>): PendingPlan | string {
  const { plan, safety } = status ?? {};
  const state = conditionOf({ status }, 'Ready');
  if (status?.observedGeneration !== metadata.generation) return 'the operator has not processed its current spec yet';
  if (plan === undefined || (state?.reason !== 'AwaitingApproval' && state?.reason !== 'PlanChanged'))
    return `${state?.reason ?? 'Unknown'}: ${state?.message ?? 'it has no status yet'}`;
  return { plan, safety };
}

/**
 * Approves exactly this plan. With the resource version that was shown: if the resource has changed since, the API server
 * answers 409 and nothing is approved.
 */
export async function approvePlan(
  client: Pick<ResourceClient, 'patch'>,
  { metadata }: Pick<DatabaseMigration, 'metadata'>,
  digest: string,
): Promise<void> {
  const { resourceVersion, namespace = 'default', name } = metadata;
  await client.patch(namespace, name, { metadata: { resourceVersion }, spec: { approvedPlan: digest } });
}
