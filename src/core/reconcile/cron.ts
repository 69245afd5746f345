import { count } from '../model/count.ts';

/** The five fields of crontab(5): minute, hour, day of month, month, day of week; lists, ranges, steps and names. */
export interface Cron {
  minutes: number[];
  hours: number[];
  /** Whether the schedule matches a day; month counts from 1, weekday from 0 (Sunday). */
  isOn(day: { day: number; month: number; weekday: number }): boolean;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** The schedule, or a message that describes the error. */
export function parseCron(text: string): Cron | string {
  const fields = text.trim().toLowerCase().split(/\s+/);
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = fields;
  if (fields.length !== 5)
    return `"${text}" has ${count(fields.length, 'field')}; a cron schedule has five: minute hour day month weekday`;
  const minutes = parseField(minute, 0, 59);
  const hours = parseField(hour, 0, 23);
  const days = parseField(day, 1, 31);
  const months = parseField(month, 1, 12, MONTHS, 1);
  const weekdays = parseField(weekday, 0, 7, DAYS, 0);
  for (const field of [minutes, hours, days, months, weekdays]) if (typeof field === 'string') return field;
  const lists = [minutes, hours, days, months, weekdays] as number[][];
  const [inMinutes = [], inHours = [], inDays = [], inMonths = [], inWeekdays = []] = lists;
  const onWeekday = new Set(inWeekdays.map((value) => value % 7));
  return {
    minutes: inMinutes,
    hours: inHours,
    isOn(at) {
      if (!inMonths.includes(at.month)) return false;
      const byDay = inDays.includes(at.day);
      const byWeekday = onWeekday.has(at.weekday);
      // crontab(5): if both are restricted, one match is enough.
      return day.startsWith('*') || weekday.startsWith('*') ? byDay && byWeekday : byDay || byWeekday;
    },
  };
}

function parseField(text: string, low: number, high: number, names: string[] = [], base = 0): number[] | string {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^(\*|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(part);
    const wrong = `"${part}" is not a cron field between ${low} and ${high}`;
    if (match === null) return wrong;
    const [, start = '', end, step] = match;
    const from = start === '*' ? low : numberOf(start, names, base);
    // `5/10` continues to the end of the range, as in Vixie cron.
    const to = end !== undefined ? numberOf(end, names, base) : start === '*' || step !== undefined ? high : from;
    const by = step === undefined ? 1 : Number(step);
    if (!(from >= low && to <= high && from <= to && by > 0) || (start === '*' && end !== undefined)) return wrong;
    for (let value = from; value <= to; value += by) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

function numberOf(text: string, names: string[], base: number): number {
  const named = names.indexOf(text);
  if (named >= 0) return named + base;
  return /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
}
