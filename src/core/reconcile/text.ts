import { bytesText } from '../model/bytes.ts';
import type { Progress } from '../model/report.ts';
import type { StepName } from '../model/step.ts';

/** `backup (1.2 GB of 3.4 GB)`: a step and its progress, for users. */
export function stepText(step: StepName | undefined, progress: Progress | undefined): string {
  if (step === undefined) return 'starting';
  return progress === undefined || progress.step !== step ? step : `${step} (${progressText(progress)})`;
}

export function progressText({ done, total, unit, label }: Progress): string {
  const amount = unit === 'bytes' ? bytesText(done) : `${done}`;
  const whole = total === undefined ? '' : ` of ${unit === 'bytes' ? bytesText(total) : total}`;
  const ofUnit = unit === 'bytes' ? '' : ` ${(total ?? done) === 1 ? unit.replace(/s$/, '') : unit}`;
  if (done === 0 && total === undefined && label !== undefined) return label;
  return `${amount}${whole}${ofUnit}${label === undefined ? '' : `: ${label}`}`;
}
