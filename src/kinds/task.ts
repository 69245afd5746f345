import type { z } from 'zod';
import { textStart } from '../core/model/clip.ts';
import { parseDuration } from '../core/model/duration.ts';
import type { Reason } from '../core/model/reason.ts';
import { REASONS } from '../core/model/reason.ts';
import type { Condition } from '../core/model/resource-status.ts';
import type { TaskReport } from '../core/model/task.ts';
import { failureText } from './advice.ts';
import type { CommonStatus, KindDecision, Observation, TaskPod } from './kind.ts';
import { jobNameOf } from './names.ts';
import type { taskStatus } from './task-spec.ts';

type TaskStatus = z.infer<z.ZodObject<typeof taskStatus>>;

const WAIT_MS = 5_000;
/** What is known of a Job without a report. */
const UNKNOWN: Record<string, string> = {
  DatabaseBackup: 'Whether it wrote a backup is unknown; one that is listed is complete.',
  DatabaseRestore: 'The database has its old or its new content, nothing in between.',
};

/** The decision for a resource that has one Job: start it, follow it, record its result. */
export function decideTask<Spec, Status extends TaskStatus>(
  { resource, task, waits, disallowed, now }: Observation<Spec, Status>,
  pod: () => TaskPod | string,
  result: (report: TaskReport) => Partial<Status>,
): KindDecision<Status> {
  const job = jobNameOf(resource);
  const before = (resource.status ?? {}) as Status;
  const { generation } = resource.metadata;
  const settle = (status: Partial<Status>, verdict: Verdict): Status & CommonStatus => ({
    ...before,
    ...status,
    observedGeneration: generation,
    summary: verdict.summary,
    conditions: conditionsOf(verdict, before.conditions, generation, now),
  });
  if (before.finishedAt !== undefined) return { status: before, events: [] };
  if (task?.report !== undefined) {
    const { report } = task;
    const ok = report.result === 'succeeded';
    const message = ok ? report.message : failureText(resource, report.reason, report.message);
    const status: Partial<TaskStatus> = {
      ...result(report),
      database: report.database,
      finishedAt: seconds(new Date(report.finishedAt)),
      duration: `${Math.round((Date.parse(report.finishedAt) - Date.parse(report.startedAt)) / 1000)}s`,
      reason: report.reason,
      message,
    };
    const verdict = verdictOf(ok ? 'done' : 'failed', report.reason, message);
    return {
      status: settle(status as Partial<Status>, verdict),
      events: [{ type: ok ? 'Normal' : 'Warning', reason: report.reason, message, key: 'finished' }],
    };
  }
  if (task === undefined && before.startedAt === undefined) {
    if (disallowed !== undefined) {
      // Not the end: the administrator may allow it.
      return { status: settle({}, verdictOf('failed', 'NotAllowed', disallowed)), events: [notAllowed(disallowed)] };
    }
    const wanted = pod();
    const wait = (reason: Reason, message: string) => ({
      status: settle({}, verdictOf('waiting', reason, message)),
      requeueAfter: WAIT_MS,
      events: [],
    });
    if (typeof wanted === 'string') return wait('ReferenceNotFound', wanted);
    if (waits !== undefined) return wait(waits.reason, waits.message);
    const status: Partial<TaskStatus> = { job, startedAt: seconds(now) };
    const message = `Job ${job} was created.`;
    return {
      status: settle(status as Partial<Status>, verdictOf('running', 'Running', message)),
      start: wanted,
      events: [{ type: 'Normal', reason: 'Running', message, key: 'started' }],
    };
  }
  if (task?.state === 'active') {
    const verdict =
      task.waiting === undefined
        ? verdictOf('running', 'Running', `Job ${job} is running.`)
        : verdictOf('waiting', task.waiting.reason, task.waiting.message);
    return { status: settle({}, verdict), requeueAfter: WAIT_MS, events: [] };
  }
  const lost = `The Job ${job} ended without a report, or was deleted. ${UNKNOWN[resource.kind] ?? 'Its result is unknown.'}`;
  const message = failureText(resource, 'RunLost', lost);
  const status: Partial<TaskStatus> = { finishedAt: seconds(now), reason: 'RunLost', message };
  return {
    status: settle(status as Partial<Status>, verdictOf('failed', 'RunLost', message)),
    events: [{ type: 'Warning', reason: 'RunLost', message, key: 'finished' }],
  };
}

export function notAllowed(message: string): KindDecision<unknown>['events'][number] {
  return { type: 'Warning', reason: 'NotAllowed', message, key: message };
}

export interface Verdict {
  state: 'waiting' | 'running' | 'done' | 'failed';
  reason: Reason;
  message: string;
  summary: string;
}

function verdictOf(state: Verdict['state'], reason: Reason, message: string): Verdict {
  const summary = { waiting: `Waiting: ${reason}`, running: 'Running', done: 'Complete', failed: `Failed: ${reason}` };
  return { state, reason, message, summary: summary[state] };
}

/** Ready, Reconciling and Stalled as kstatus expects them: the last two exist only while they are true. */
export function conditionsOf(
  { state, reason, message }: Omit<Verdict, 'summary'>,
  previous: readonly Condition[] | undefined,
  generation: number | undefined,
  now: Date,
): Condition[] {
  const known = reason in REASONS ? reason : 'InternalError';
  const make = (type: string, status: boolean): Condition => {
    const before = previous?.find((each) => each.type === type);
    const text = status ? 'True' : 'False';
    return {
      type,
      status: text,
      reason: known,
      message: textStart(message, 4_000),
      lastTransitionTime: before?.status === text ? before.lastTransitionTime : seconds(now),
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
  };
  return [
    make('Ready', state === 'done'),
    ...(state === 'running' || state === 'waiting' ? [make('Reconciling', true)] : []),
    ...(state === 'failed' ? [make('Stalled', true)] : []),
  ];
}

export function seconds(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

/** The schema has validated the text. */
export function milliseconds(text: string): number {
  return parseDuration(text) ?? 0;
}
