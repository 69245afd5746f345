import { REASONS, type Reason } from '../model/reason.ts';
import type { Condition } from '../model/resource-status.ts';

/** What the dashboard shows of a resource of any of our kinds. Old objects may lack every field. */
export interface DashboardResource {
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    generation?: number;
    resourceVersion?: string;
    creationTimestamp?: string;
    deletionTimestamp?: string;
  };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown> & { conditions?: Condition[]; summary?: string; observedGeneration?: number };
}

export type State = 'good' | 'waits' | 'running' | 'blocked' | 'failed' | 'suspended' | 'new';

/** `DatabaseMigration/shop/orders`: what a link of the page and a message of the stream name. */
export function resourceKey({ kind, metadata }: DashboardResource): string {
  return `${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
}

export function conditionOf({ status }: DashboardResource, type: string): Condition | undefined {
  return status?.conditions?.find((each) => each.type === type);
}

/** The state by which the page filters: computed from the conditions, as `db-manager status` does its exit code. */
export function stateOf(resource: DashboardResource): State {
  if (resource.spec?.suspend === true) return 'suspended';
  const ready = conditionOf(resource, 'Ready');
  if (ready === undefined) return 'new';
  if (ready.status === 'True') return 'good';
  if (ready.reason === 'AwaitingApproval' || ready.reason === 'PlanChanged') return 'waits';
  const exit = REASONS[ready.reason as Reason]?.exit;
  if (exit === 3) return 'running';
  const { run, failure } = (resource.status ?? {}) as { run?: { result?: string }; failure?: { reason?: string } };
  if (run?.result === 'failed' && failure?.reason === ready.reason) return 'failed';
  return exit === 4 ? 'blocked' : 'failed';
}
