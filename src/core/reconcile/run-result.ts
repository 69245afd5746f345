import type { ObservedRun } from './observed.ts';
import { podFailureReason } from './pod-trouble.ts';
import type { RunResult } from './situation.ts';

/** How long after its deletion deadline a pod on an unresponsive node counts as lost, in milliseconds. */
const NODE_PATIENCE_MS = 60_000;

/**
 * How a run ended, or undefined while it is in progress. Only a report shows what a run did. Without a report the run
 * is lost, for any exit code, and the next run resumes from the migration history of the database.
 */
export function runResult(run: ObservedRun, now: Date): RunResult | undefined {
  const { log, pod, state } = run;
  if (log.report !== undefined) return { kind: 'reported', report: log.report };
  const over = state === 'complete' || state === 'failed';
  if (pod?.deleteBy !== undefined && Date.parse(pod.deleteBy) + NODE_PATIENCE_MS < now.getTime()) {
    return lost(run, now, `The node is unresponsive; the pod ${pod.name} was due to be deleted by ${pod.deleteBy}.`);
  }
  if (pod !== undefined && pod.terminated === undefined && pod.failure === undefined && !over) return undefined;
  if (!over && state === 'active' && pod === undefined) return undefined;
  if (pod?.started === true && !log.complete && !over && state === 'active') return undefined;
  return lost(run, now, describeLoss(run));
}

function lost(run: ObservedRun, now: Date, message: string): RunResult {
  const ended = new Date(run.pod?.terminated?.at ?? Number.NaN);
  const at = Number.isNaN(ended.getTime()) ? now : ended;
  if (run.failure?.reason === 'DeadlineExceeded') {
    const trouble = run.pod?.started === true ? undefined : podFailureReason(run);
    return trouble === undefined
      ? { kind: 'lost', reason: 'DeadlineExceeded', message: `The run took longer than timeouts.run. ${message}`, at }
      : { kind: 'lost', ...trouble, at };
  }
  if (run.log.unreadable !== undefined || run.pod?.spoke === true) {
    const why = run.log.unreadable ?? 'it is not a valid report';
    return { kind: 'lost', reason: 'ReportUnreadable', message: `${message} The report cannot be read: ${why}.`, at };
  }
  return { kind: 'lost', reason: 'RunLost', message, at };
}

function describeLoss({ pod, state, failure, log }: ObservedRun): string {
  const lastStep = log.step === undefined ? '' : ` The last step was ${log.step}.`;
  if (pod === undefined) {
    const why = failure === undefined ? '' : ` (${failure.reason}: ${failure.message})`;
    return `The pod disappeared before it could report${why}.${lastStep}`;
  }
  if (pod.failure !== undefined) {
    return `The pod ${pod.name} failed before it could report: ${pod.failure.reason}: ${pod.failure.message}.${lastStep}`;
  }
  if (pod.terminated !== undefined) {
    const { exitCode, signal, reason } = pod.terminated;
    const how = signal === undefined ? `exit code ${exitCode}` : `signal ${signal}`;
    return `The pod ${pod.name} ended with ${how}${reason === undefined ? '' : ` (${reason})`} without a report.${lastStep}`;
  }
  return `The Job is ${state}, but the pod ${pod.name} did not report.${lastStep}`;
}
