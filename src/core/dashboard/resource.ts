import { conditionOf, exitOf } from '../model/resource-state.ts';
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

/** `DatabaseMigration/shop/orders`: the key of a resource in links of the page and messages of the stream. */
export function resourceKey({ kind, metadata }: DashboardResource): string {
  return `${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
}

/** The state by which the page filters: the exit code of `db-manager status`, and its reason where codes are equal. */
export function stateOf(resource: DashboardResource): State {
  const ready = conditionOf(resource, 'Ready');
  if (ready === undefined) return 'new';
  if (ready.reason === 'Suspended') return 'suspended';
  const exit = exitOf(resource);
  if (exit === 0) return 'good';
  if (ready.reason === 'AwaitingApproval' || ready.reason === 'PlanChanged') return 'waits';
  if (exit === 3) return 'running';
  const { run, failure } = (resource.status ?? {}) as { run?: { result?: string }; failure?: { reason?: string } };
  if (run?.result === 'failed' && failure?.reason === ready.reason) return 'failed';
  return exit === 4 ? 'blocked' : 'failed';
}
