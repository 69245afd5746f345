import { Cron } from 'croner';
import { parseDuration } from '../model/duration.ts';
import type { DatabaseMigrationSpec } from '../model/resource.ts';
import { CRON } from '../model/schema-helpers.ts';

type Window = NonNullable<DatabaseMigrationSpec['window']>;

type WindowState =
  | { kind: 'open'; until: Date }
  /** `opens` is absent if the schedule never matches, for example on 30 February. */
  | { kind: 'closed'; opens?: Date }
  | { kind: 'invalid'; message: string };

/** Whether a maintenance window is open now, and until or from when. */
export function windowState({ cron, timeZone, duration }: Window, now: Date): WindowState {
  const schedule = parseSchedule(cron, timeZone);
  if (!(schedule instanceof Cron))
    return { kind: 'invalid', message: `spec.window.${schedule.field}: ${schedule.problem}` };
  const opens = schedule.nextRun(now) ?? undefined;
  // A schedule that never matches again has not matched lately either, and a search for it takes long.
  const [last] = opens === undefined ? [] : schedule.previousRuns(1, new Date(now.getTime() + 1000));
  const until = last === undefined ? undefined : new Date(last.getTime() + (parseDuration(duration) ?? 0));
  if (until !== undefined && until > now) return { kind: 'open', until };
  return { kind: 'closed', ...(opens === undefined ? {} : { opens }) };
}

/** The first time of a schedule after a time; undefined if there is none, a sentence if the schedule is not valid. */
export function nextTick(schedule: string, timeZone: string, after: Date): Date | undefined | string {
  const parsed = parseSchedule(schedule, timeZone);
  return parsed instanceof Cron ? (parsed.nextRun(after) ?? undefined) : parsed.problem;
}

/** What croner reads and crontab(5) does not have: `L`, `W`. */
const NOT_CRONTAB = /\d[lw]|\bl|\bw\b/i;

function parseSchedule(cron: string, timeZone: string): Cron | { field: 'cron' | 'timeZone'; problem: string } {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone });
  } catch {
    return { field: 'timeZone', problem: `"${timeZone}" is not a valid IANA time zone` };
  }
  try {
    if (CRON.test(cron) && !NOT_CRONTAB.test(cron))
      return new Cron(cron, { timezone: timeZone, mode: '5-part', sloppyRanges: true, paused: true });
  } catch {
    // The messages of croner count from 0 where cron counts from 1.
  }
  const problem = `"${cron}" is not a valid cron schedule. Use five fields: minute (0-59), hour (0-23), day of month (1-31), month (1-12 or jan-dec), day of week (0-7 or sun-sat)`;
  return { field: 'cron', problem };
}
