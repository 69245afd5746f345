import { REASONS, type Reason } from '../../core/model/reason.ts';
import type { RunReport } from '../../core/model/report.ts';
import type { DatabaseMigration } from '../../core/model/resource.ts';
import { hasRetryLeft, retryAt } from '../../core/reconcile/retry.ts';
import { windowState } from '../../core/reconcile/window.ts';

/** State of the sidecar: the result of a run, or why no run may start. */
export interface Verdict {
  reason: Reason;
  message: string;
  /** The database is at the target of the manifest. */
  ready: boolean;
  /** Time of the next automatic retry; absent: only after a change of the manifest or the migrations. */
  again?: Date;
}

export type Form = 'once' | 'continuous';

/** Why no run may start now, or undefined. Pure: the clock is an argument. */
export function refusal({ spec }: DatabaseMigration, form: Form, now: Date): Verdict | undefined {
  const refuse = (reason: Reason, message: string): Verdict => ({ reason, message, ready: false });
  if (spec.execution !== 'Sidecar') {
    return refuse(
      'InvalidConfiguration',
      'spec.execution is Job, so the controller runs a Job for this resource. Set execution: Sidecar, or remove the sidecar.',
    );
  }
  if (spec.dependsOn.length > 0) {
    return refuse(
      'InvalidConfiguration',
      'spec.dependsOn names other resources, but the sidecar does not use the API server. Remove it, or set execution: Job.',
    );
  }
  if (form === 'continuous' && spec.onFailure === 'Restore') {
    return refuse(
      'InvalidConfiguration',
      'onFailure: Restore would discard what the application writes while the migration runs. Use Keep or Downgrade, or the init container (sidecar --once).',
    );
  }
  if (spec.suspend) return refuse('Suspended', 'spec.suspend is true; no run starts until it is false.');
  const window = spec.window === undefined ? undefined : windowState(spec.window, now);
  if (window?.kind === 'invalid') return refuse('InvalidConfiguration', window.message);
  if (window?.kind === 'closed') {
    const { opens } = window;
    const when =
      opens === undefined ? 'never opens: no day matches spec.window.cron' : `opens at ${opens.toISOString()}`;
    return {
      ...refuse('OutsideWindow', `The maintenance window ${when}.`),
      ...(opens === undefined ? {} : { again: opens }),
    };
  }
  return undefined;
}

/** The meaning of a finished run and the time of its retry: the same rule as in the controller. */
export function verdictOf({ spec }: DatabaseMigration, report: RunReport): Verdict {
  const { reason, message, result, retry, attempt } = report;
  if (result === 'succeeded') return { reason, message, ready: true };
  const again = result === 'failed' && retry === 'safe' && hasRetryLeft(spec, attempt);
  if (!again) return { reason, message, ready: false };
  return { reason, message, ready: false, again: retryAt(spec, attempt, new Date(report.finishedAt), report.runId) };
}

/** One or two lines for a log, a probe and `kubectl describe pod`. */
export function sentence({ reason, message, ready, again }: Verdict): string {
  if (ready) return `${reason}: ${message}`;
  // The message already has the annotation that repairs the history.
  if (again === undefined && message.includes('db-manager.dev/repair:')) return `${reason}: ${message}`;
  const next = again === undefined ? `next: ${REASONS[reason].help}` : `retry at ${again.toISOString()}`;
  return `${reason}: ${message}\n  ${next}`;
}
