import { parseDuration } from '../model/duration.ts';
import type { DatabaseMigrationSpec } from '../model/resource.ts';
import { type Cron, parseCron } from './cron.ts';

type Window = NonNullable<DatabaseMigrationSpec['window']>;

type WindowState =
  | { kind: 'open'; until: Date }
  /** `opens` is absent if the schedule never matches, for example on 30 February. */
  | { kind: 'closed'; opens?: Date }
  | { kind: 'invalid'; message: string };

const DAY = 86_400_000;
/** Two 29 Februaries are at most eight years apart. */
const HORIZON_DAYS = 366 * 8;

/** Whether a maintenance window is open now, and until or from when. */
export function windowState(window: Window, now: Date): WindowState {
  const cron = parseCron(window.cron);
  if (typeof cron === 'string') return { kind: 'invalid', message: `spec.window.cron: ${cron}` };
  const clock = zoneClock(window.timeZone);
  if (clock === undefined) {
    return { kind: 'invalid', message: `spec.window.timeZone: "${window.timeZone}" is not a valid IANA time zone` };
  }
  const duration = parseDuration(window.duration) ?? 0;
  const last = lastOpening(cron, clock, now, duration);
  if (last !== undefined && last.getTime() + duration > now.getTime()) {
    return { kind: 'open', until: new Date(last.getTime() + duration) };
  }
  const opens = nextOpening(cron, clock, now);
  return { kind: 'closed', ...(opens === undefined ? {} : { opens }) };
}

/** The first time of a schedule after a time; undefined if there is none, a sentence if the schedule is not valid. */
export function nextTick(schedule: string, timeZone: string, after: Date): Date | undefined | string {
  const cron = parseCron(schedule);
  if (typeof cron === 'string') return cron;
  const clock = zoneClock(timeZone);
  return clock === undefined ? `"${timeZone}" is not a valid IANA time zone` : nextOpening(cron, clock, after);
}

function lastOpening(cron: Cron, clock: ZoneClock, now: Date, within: number): Date | undefined {
  const today = clock.dayOf(now);
  for (let day = today; day >= today - within - 2 * DAY; day -= DAY) {
    const found = openingsOn(cron, clock, day).findLast((at) => at <= now);
    if (found !== undefined) return found;
  }
  return undefined;
}

function nextOpening(cron: Cron, clock: ZoneClock, now: Date): Date | undefined {
  const today = clock.dayOf(now);
  for (let day = today; day <= today + HORIZON_DAYS * DAY; day += DAY) {
    const found = openingsOn(cron, clock, day).find((at) => at > now);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `day`: midnight of a calendar day, written as if in UTC. */
function openingsOn(cron: Cron, clock: ZoneClock, day: number): Date[] {
  const date = new Date(day);
  if (!cron.isOn({ day: date.getUTCDate(), month: date.getUTCMonth() + 1, weekday: date.getUTCDay() })) return [];
  return cron.hours.flatMap((hour) =>
    cron.minutes.map((minute) => clock.instant(day + hour * 3_600_000 + minute * 60_000)),
  );
}

interface ZoneClock {
  /** Midnight of the local calendar day, written as if in UTC. */
  dayOf(at: Date): number;
  /** The instant at which the local clock shows what `wall` shows in UTC. In a gap: the instant after the gap. */
  instant(wall: number): Date;
}

function zoneClock(timeZone: string): ZoneClock | undefined {
  let format: Intl.DateTimeFormat;
  try {
    const parts = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const;
    format = new Intl.DateTimeFormat('en-US', { timeZone, calendar: 'gregory', hourCycle: 'h23', ...parts });
  } catch {
    return undefined;
  }
  const wallOf = (at: number): number => {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(at)) part[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = part;
    return Date.UTC(year, month - 1, day, hour, minute);
  };
  return {
    dayOf: (at) => Math.floor(wallOf(at.getTime()) / DAY) * DAY,
    instant(wall) {
      const guess = wall - (wallOf(wall) - wall);
      return new Date(wall - (wallOf(guess) - guess));
    },
  };
}
