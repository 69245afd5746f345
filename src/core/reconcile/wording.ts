import type { Progress } from '../model/report.ts';
import type { StepName } from '../model/step.ts';

/** `backup (1.2 GiB of 3.4 GiB)`: a step and how far it is, for a person. */
export function stepText(step: StepName | undefined, progress: Progress | undefined): string {
  if (step === undefined) return 'starting';
  return progress === undefined || progress.step !== step ? step : `${step} (${progressText(progress)})`;
}

export function progressText({ done, total, unit, label }: Progress): string {
  const amount = unit === 'bytes' ? bytes(done) : `${done}`;
  const whole = total === undefined ? '' : ` of ${unit === 'bytes' ? bytes(total) : total}`;
  const words = unit === 'bytes' ? '' : ` ${unit}`;
  if (done === 0 && total === undefined && label !== undefined) return label;
  return `${amount}${whole}${words}${label === undefined ? '' : `: ${label}`}`;
}

function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(Math.floor(Math.log2(Math.max(count, 1)) / 10), units.length - 1);
  const value = count / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}
