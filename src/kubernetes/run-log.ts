import {
  type RunEvent,
  type RunReport,
  runEventSchema,
  runReportSchema,
  type StepReport,
} from '../core/model/report.ts';
import { LIMITS } from '../core/reconcile/clip.ts';
import type { RunLog } from '../core/reconcile/observed.ts';

/** A line longer than this is no event of ours, in characters; a report of 1,000 migrations has about 100,000. */
const LONGEST_EVENT = 4_000_000;

/** Reads a runner's output line by line. Reading a log again from its start gives the same result. */
export class RunLogReader {
  readonly #runId: string;
  readonly #steps = new Map<string, RunLog['steps'][number]>();
  #state: Pick<RunLog, 'step' | 'progress' | 'report'> = {};
  #tail: string[] = [];
  complete = false;

  constructor(runId: string) {
    this.#runId = runId;
  }

  /** Undefined where the line changed nothing; `step` where it said for the first time that a step has ended. */
  read(line: string): { step?: StepReport } | undefined {
    const event = this.#parse(line);
    if (event === undefined) {
      if (line.trim() !== '') this.#tail = [...this.#tail, withoutPassword(line)].slice(-LIMITS.logLines);
      return undefined;
    }
    switch (event.type) {
      case 'started':
        this.#state = { step: event.step };
        return {};
      case 'progress':
        this.#state = { step: event.progress.step, progress: event.progress };
        return {};
      case 'step': {
        const known = this.#steps.has(event.report.step);
        this.#steps.set(event.report.step, event.report);
        return known ? {} : { step: event.report };
      }
      case 'report':
        this.#state = { ...this.#state, report: event.report };
        return {};
    }
  }

  /** Before the log is read again from its start. */
  restart(): void {
    this.#tail = [];
  }

  snapshot(): RunLog {
    return { ...this.#state, steps: [...this.#steps.values()], tail: this.#tail, complete: this.complete };
  }

  #parse(line: string): RunEvent | undefined {
    if (!line.startsWith('{') || line.length > LONGEST_EVENT) return undefined;
    try {
      const { success, data } = runEventSchema.safeParse(JSON.parse(line));
      if (!success) return undefined;
      // What a migration prints could look like an event; only events of this run are believed.
      const runId = data.type === 'report' ? data.report.runId : data.runId;
      return runId === this.#runId ? data : undefined;
    } catch {
      return undefined;
    }
  }
}

/** The report in a termination message, where it is one and of this run. */
export function reportOf(message: string | undefined, runId: string): RunReport | undefined {
  if (message === undefined || !message.startsWith('{')) return undefined;
  try {
    const { success, data } = runReportSchema.safeParse(JSON.parse(message));
    return success && data.runId === runId ? data : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The runner prints no secret. A line that a migration of the user's prints may hold a database URL all the same, and
 * a status is read by more people than a log.
 */
function withoutPassword(line: string): string {
  return line.replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s@]*@/gi, '$1:***@');
}
