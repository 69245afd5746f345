import { REASONS, type Reason } from './reason.ts';
import type { Condition } from './resource-status.ts';

interface WithConditions {
  status?: { conditions?: readonly Condition[] };
}

export function conditionOf({ status }: WithConditions, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** The exit code for the state of a resource: 0 if it is ready, 3 while it is in progress, else that of the reason. */
export function exitOf(resource: WithConditions): number {
  const ready = conditionOf(resource, 'Ready');
  if (ready === undefined) return 3;
  return ready.status === 'True' ? 0 : (REASONS[ready.reason as Reason]?.exit ?? 1);
}
