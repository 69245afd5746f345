import { Counter, type Registry } from 'prom-client';
import { gaugesOf } from './gauges.ts';

/** The data for the metrics of one DatabaseBackupSchedule. Times are RFC 3339. */
export interface TrackedSchedule {
  namespace: string;
  name: string;
  suspended: boolean;
  lastScheduleTime?: string;
  lastSuccessfulTime?: string;
  /** When a proof by a restore is due; absent if the schedule restores none. */
  proofDue?: string;
  missed: number;
}

export function createBackupMetrics(registers: Registry[], schedules: () => Iterable<TrackedSchedule>) {
  const tasks = new Counter({
    name: 'db_manager_tasks_total',
    help: 'Finished backups and restores that are resources, by result and reason.',
    labelNames: ['kind', 'result', 'reason'],
    registers,
  });
  const perSchedule = gaugesOf(registers, schedules);
  perSchedule(
    'db_manager_schedule_last_success_timestamp_seconds',
    'Time of the last successful backup of the schedule (Unix time).',
    ({ lastSuccessfulTime }) => unix(lastSuccessfulTime),
  );
  perSchedule(
    'db_manager_schedule_last_schedule_timestamp_seconds',
    'The last time for which the schedule started or skipped a backup (Unix time).',
    ({ lastScheduleTime }) => unix(lastScheduleTime),
  );
  perSchedule(
    'db_manager_schedule_proof_due_timestamp_seconds',
    'When a backup has to be proved by a restore again (Unix time).',
    ({ proofDue }) => unix(proofDue),
  );
  perSchedule('db_manager_schedule_missed', 'Times that the schedule missed or skipped.', ({ missed }) => missed);
  perSchedule('db_manager_schedule_suspended', '1 if the schedule is suspended.', ({ suspended }) => Number(suspended));

  return {
    taskEnded: ({ kind, result, reason }: { kind: string; result: 'succeeded' | 'failed'; reason: string }) =>
      tasks.inc({ kind, result, reason }),
  };
}

function unix(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time) / 1000;
}
