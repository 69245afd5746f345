import { resourceOf } from '../../controller-runtime/api.ts';
import type { Resource } from '../../kinds/kind.ts';
import type { ScheduleSpec, ScheduleStatus } from '../../kinds/schedule/index.ts';
import { milliseconds } from '../../kinds/task.ts';
import type { ControllerEvent } from '../../operator/controller-event.ts';
import type { TrackedSchedule } from '../../telemetry/backup-metrics.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Metrics } from '../../telemetry/metrics.ts';

/** Turns the events of the controller into log lines and metrics. Each line names the resource and the run. */
export function logAndCount(logger: Logger, metrics: Metrics): (news: ControllerEvent) => void {
  return (news) => {
    switch (news.type) {
      case 'reconciled':
        metrics.reconciled(news.situation, news.seconds);
        logger.debug('reconciled', { resource: news.key, situation: news.situation, seconds: round(news.seconds) });
        return;
      case 'failed':
        metrics.failed();
        logger.error('reconcile failed; will retry', { resource: news.key, error: messageOf(news.error) });
        return;
      case 'waited':
        metrics.waited(news.seconds);
        return;
      case 'started':
        logger.info('run started', { resource: news.key, run: news.run, attempt: news.attempt });
        return;
      case 'step':
        metrics.stepEnded(news.step);
        logger.info(news.step.message, {
          resource: news.key,
          run: news.run,
          step: news.step.step,
          kind: news.step.kind,
          reason: news.step.reason,
          seconds: news.step.seconds,
        });
        return;
      case 'ended': {
        metrics.runEnded(news.status);
        const { run, history, failure } = news.status;
        const entry = history?.find((each) => each.run === run?.id);
        const fields = { resource: news.key, run: news.run, result: entry?.result, reason: entry?.reason };
        if (entry?.result === 'succeeded')
          logger.info('run ended', { ...fields, revision: news.status.currentRevision });
        else logger.warn(`run ended: ${failure?.message ?? ''}`, { ...fields, migration: failure?.migration });
        return;
      }
      case 'event':
        logger.debug(news.message, { resource: news.key, event: news.reason, eventType: news.level });
        return;
      case 'watch':
        metrics.watchBroke(resourceOf(news.path));
        logger.warn('watch closed; restarting', { path: news.path, error: messageOf(news.error) });
        return;
    }
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const round = (seconds: number) => Math.round(seconds * 1000) / 1000;

/** For the metrics of DatabaseBackupSchedules. */
export function* trackedSchedules(schedules: Iterable<Resource>): Generator<TrackedSchedule> {
  for (const { metadata, spec, status } of schedules as Iterable<Resource<Partial<ScheduleSpec>, ScheduleStatus>>) {
    const { verify, verifyInterval = '168h', suspend = false } = spec;
    const since = status?.lastRestoreVerification ?? metadata.creationTimestamp;
    const due = Date.parse(since ?? '') + milliseconds(verifyInterval);
    yield {
      namespace: metadata.namespace ?? '',
      name: metadata.name,
      suspended: suspend,
      lastScheduleTime: status?.lastScheduleTime,
      lastSuccessfulTime: status?.lastSuccessfulTime,
      ...(verify === 'Restore' && !Number.isNaN(due) ? { proofDue: new Date(due).toISOString() } : {}),
      missed: status?.missed ?? 0,
    };
  }
}
