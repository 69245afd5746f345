import { REASONS, type Reason } from '../../core/model/reason.ts';
import type { DatabaseMigrationStatus } from '../../core/model/resource.ts';

/** The log lines, the state of the probes and the exit code of a sidecar, computed from a status. */
export interface SidecarState {
  /** The database is at the target of the manifest. */
  ready: boolean;
  reason: Reason;
  /** One or two lines. */
  text: string;
}

export const STARTING = stateOf('Running', 'the first run has not finished yet');

/** A state that no status has: before the first run, and a manifest that cannot be read. */
export function stateOf(reason: Reason, message: string): SidecarState {
  return { ready: false, reason, text: withHelp(reason, message) };
}

export function stateFromStatus({ conditions = [] }: DatabaseMigrationStatus): SidecarState {
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (ready === undefined) return STARTING;
  const { message, status } = ready;
  const reason = ready.reason as Reason;
  // The message of a resource that reconciles has the time of the next attempt.
  const isWaiting = status === 'True' || conditions.some(({ type }) => type === 'Reconciling');
  return { ready: status === 'True', reason, text: isWaiting ? `${reason}: ${message}` : withHelp(reason, message) };
}

function withHelp(reason: Reason, message: string): string {
  // The message already has the annotation that repairs the history.
  if (message.includes('db-manager.dev/repair:')) return `${reason}: ${message}`;
  return `${reason}: ${message}\n  next: ${REASONS[reason].help}`;
}
