import { textStart } from '../core/model/clip.ts';
import {
  type RunEvent,
  type RunReport,
  runEventSchema,
  runReportSchema,
  type StepReport,
} from '../core/model/report.ts';
import { REPORT_BYTES } from '../core/model/report-limits.ts';
import type { RunLog } from '../core/reconcile/observed.ts';
import { type Cleaning, cleanReport, cleanText } from '../core/reconcile/redact.ts';
import { LIMITS } from '../core/reconcile/truncate.ts';

/**
 * Maximum length of a line that is not an event, in bytes: enough to find the end of a URL that starts in the kept
 * part.
 */
const OTHER_LINE_BYTES = 2_048;
const BRACE = 0x7b;

/** How many bytes of a line are read, by the first byte of the line. */
export function longestLine(first: number): number {
  return first === BRACE ? REPORT_BYTES : OTHER_LINE_BYTES;
}

/** The start of every event; a line with another start is not parsed. */
const EVENT_START = /^\{"type":"(?:started|progress|step|report)",/;

/**
 * Reads the output of a runner line by line. Reading a log again from its start gives the same result. The output of a
 * pod is untrusted: a line is parsed only if its size and its start are those of an event.
 */
export class RunLogReader {
  readonly #runId: string;
  readonly #cleaning: Cleaning;
  readonly #steps = new Map<string, RunLog['steps'][number]>();
  #state: Pick<RunLog, 'step' | 'progress' | 'report'> = {};
  #tail: string[] = [];
  complete = false;
  /** Why the rest of the log is not read. */
  unreadable: string | undefined;

  constructor(runId: string, cleaning: Cleaning = { redactData: true }) {
    this.#runId = runId;
    this.#cleaning = cleaning;
  }

  /** Undefined if the line changed nothing; `step` if it is the first to report the end of that step. */
  read(line: string): { step?: StepReport } | undefined {
    const event = this.#parse(line);
    if (event === undefined) {
      this.#keep(line);
      return undefined;
    }
    switch (event.type) {
      case 'started':
        this.#state = { ...this.#state, step: event.step, progress: undefined };
        return {};
      case 'progress':
        this.#state = { ...this.#state, step: event.progress.step, progress: event.progress };
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

  /** Call this before the log is read again from its start. */
  restart(): void {
    this.#tail = [];
  }

  snapshot(): RunLog {
    const { progress, ...state } = this.#state;
    return {
      ...state,
      ...(progress === undefined ? {} : { progress }),
      ...(this.unreadable === undefined ? {} : { unreadable: this.unreadable }),
      steps: [...this.#steps.values()],
      tail: this.#tail,
      complete: this.complete,
    };
  }

  #keep(line: string): void {
    if (line.trim() === '') return;
    const cut = line.length >= OTHER_LINE_BYTES / 4;
    const start = line.slice(0, OTHER_LINE_BYTES);
    this.#tail.push(textStart(cleanText(start, this.#cleaning, cut), LIMITS.logLine));
    if (this.#tail.length > LIMITS.logLines) this.#tail.shift();
  }

  #parse(line: string): RunEvent | undefined {
    if (line.length > REPORT_BYTES || !EVENT_START.test(line)) return undefined;
    try {
      const { success, data } = runEventSchema.safeParse(JSON.parse(line));
      if (!success) return undefined;
      // The output of a migration can look like an event; only events of this run are accepted.
      const runId = data.type === 'report' ? data.report.runId : data.runId;
      return runId === this.#runId ? cleanReport(data, this.#cleaning) : undefined;
    } catch {
      return undefined;
    }
  }
}

/** The report in a termination message, if the message is a report of this run. */
export function reportOf(message: string | undefined, runId: string, cleaning?: Cleaning): RunReport | undefined {
  const report = reportIn(message, runReportSchema, cleaning);
  return report?.runId === runId ? report : undefined;
}

/** The output of a pod is untrusted: it must have the form of a report. */
export function reportIn<Report>(
  message: string | undefined,
  schema: { safeParse(value: unknown): { data?: Report | undefined } },
  cleaning: Cleaning = { redactData: true },
): Report | undefined {
  if (message === undefined || message.length > REPORT_BYTES || !message.startsWith('{"')) return undefined;
  try {
    const { data } = schema.safeParse(JSON.parse(message));
    return data === undefined ? undefined : cleanReport(data, cleaning);
  } catch {
    return undefined;
  }
}
