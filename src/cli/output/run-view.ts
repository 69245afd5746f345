import { Presets, SingleBar } from 'cli-progress';
import { bytesText } from '../../core/model/bytes.ts';
import type { Progress, RunEvent, StepReport } from '../../core/model/report.ts';
import type { StepName } from '../../core/model/step.ts';
import type { Io } from '../io.ts';
import { paint } from './paint.ts';

interface RunView {
  show(event: RunEvent): void;
  close(): void;
}

/**
 * The progress of a run: one line per step. On a terminal, a progress bar is shown below during a step that reports its
 * progress. Otherwise (pipes, CI) only the lines are printed. The line of the step that ends the run has the first
 * sentence of its message, because the result is printed after it; `whole` is for callers that print no result.
 */
export function runView(io: Io, { whole = false }: { whole?: boolean } = {}): RunView {
  let bar: SingleBar | undefined;
  const stopBar = () => {
    bar?.stop();
    bar = undefined;
  };
  return {
    show(event) {
      switch (event.type) {
        case 'started':
        case 'report':
          return;
        case 'progress':
          if (!io.terminal || event.progress.total === undefined) return;
          bar ??= startBar(event.progress.step);
          bar.setTotal(event.progress.total);
          bar.update(event.progress.done, payload(event.progress));
          return;
        case 'step':
          stopBar();
          io.out(stepLine(event.report, io, whole));
          return;
      }
    },
    close: stopBar,
  };
}

const MARK = { done: '✓', skipped: '–', blocked: '■', failed: '✗' } as const;
const COLOUR = { done: 'green', skipped: 'dim', blocked: 'yellow', failed: 'red' } as const;

function stepLine(report: StepReport, io: Io, whole: boolean): string {
  const colour = paint(io);
  const mark = colour[COLOUR[report.kind]](MARK[report.kind]);
  const time = report.seconds >= 0.05 ? colour.dim(` ${report.seconds.toFixed(1)} s`) : '';
  const reason = report.reason === undefined ? '' : `${report.reason}: `;
  const ended = report.kind === 'blocked' || report.kind === 'failed';
  const message = ended && !whole ? firstSentence(report.message) : report.message;
  const text = report.kind === 'skipped' ? colour.dim(message) : `${reason}${message}`;
  return `${mark} ${report.step.padEnd(14)} ${text}${time}`;
}

/** Up to the first full stop before a capital letter. */
function firstSentence(message: string): string {
  return message.split(/(?<=\.) (?=[A-Z])/, 1)[0] ?? message;
}

function startBar(step: StepName): SingleBar {
  const bar = new SingleBar(
    {
      format: `  ${step.padEnd(14)} {bar} {percentage}% | {amount} | {eta_formatted} left | {label}`,
      hideCursor: true,
      clearOnComplete: true,
      stopOnComplete: false,
      barsize: 24,
      fps: 8,
    },
    Presets.shades_classic,
  );
  bar.start(1, 0, { amount: '', label: '' });
  return bar;
}

function payload({ unit, done, total = 0, label = '' }: Progress) {
  const amount = unit === 'bytes' ? `${bytesText(done)} of ${bytesText(total)}` : `${done} of ${total} ${unit}`;
  return { amount, label };
}
