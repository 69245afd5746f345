import { REASONS, type Reason } from '../../core/model/reason.ts';
import type { RunReport } from '../../core/model/report.ts';
import type { DatabaseMigration } from '../../core/model/resource.ts';
import { hasRetryLeft, retryAt } from '../../core/reconcile/retry.ts';
import { windowState } from '../../core/reconcile/window.ts';

/** Where the sidecar stands: the words of a run's report, or why none may begin. */
export interface Verdict {
  reason: Reason;
  message: string;
  /** The database stands where the manifest wants it. */
  ready: boolean;
  /** When to try again by itself; absent: when the manifest or the migrations change. */
  again?: Date;
}

export type Form = 'once' | 'beside';

/** Why no run may begin now, or undefined. Pure: the clock is an argument. */
export function refusal({ spec }: DatabaseMigration, form: Form, now: Date): Verdict | undefined {
  const refuse = (reason: Reason, message: string): Verdict => ({ reason, message, ready: false });
  if (spec.execution !== 'Sidecar') {
    return refuse(
      'InvalidConfiguration',
      'spec.execution is Job, so the controller runs a Job for this resource. Set execution: Sidecar, or take the sidecar away.',
    );
  }
  if (spec.dependsOn.length > 0) {
    return refuse(
      'InvalidConfiguration',
      'spec.dependsOn names other resources, and the sidecar asks no API server. Take it out, or set execution: Job.',
    );
  }
  if (form === 'beside' && spec.onFailure === 'Restore') {
    return refuse(
      'InvalidConfiguration',
      'onFailure: Restore would take back what the application writes while the migration runs. Use Keep or Downgrade, or the init container (sidecar --once).',
    );
  }
  if (spec.suspend) return refuse('Suspended', 'spec.suspend is true; nothing is run until it is false.');
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

/** What a finished run means, and when it is tried again: the same rule as the controller's. */
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
  const next = again === undefined ? `next: ${REASONS[reason].help}` : `tried again at ${again.toISOString()}`;
  return `${reason}: ${message}\n  ${next}`;
}
