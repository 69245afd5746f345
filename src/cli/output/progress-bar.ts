import { Presets, SingleBar } from 'cli-progress';
import { bytesText } from '../../core/model/bytes.ts';
import type { Io } from '../io.ts';

/** A bar in bytes on a terminal; nothing elsewhere. */
export function progressBar(
  io: Io,
  label: string,
): { update(done: number, total: number | undefined): void; stop(): void } {
  let bar: SingleBar | undefined;
  return {
    update(done, total) {
      if (!io.terminal || total === undefined || total === 0) return;
      if (bar === undefined) {
        bar = new SingleBar(
          {
            format: `${label} {bar} {percentage}% | {amount} | {eta_formatted} left`,
            hideCursor: true,
            clearOnComplete: true,
          },
          Presets.shades_classic,
        );
        bar.start(total, 0, { amount: '' });
      }
      bar.setTotal(total);
      bar.update(done, { amount: `${bytesText(done)} of ${bytesText(total)}` });
    },
    // A later update starts a new bar, so that a message can be printed on a line of its own.
    stop: () => {
      bar?.stop();
      bar = undefined;
    },
  };
}
