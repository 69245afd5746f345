import { masker } from '../../core/model/masking.ts';
import type { RunReport } from '../../core/model/report.ts';
import { toProblem } from '../../engine/failure.ts';
import { maskedTexts } from '../../engine/masked.ts';
import { reportOfProblem } from '../../engine/report.ts';
import { secretValues } from '../secret-values.ts';

/** The report of a run that failed before it started (an invalid request or URL), without the secrets of `env`. */
export function reportOfError(
  error: unknown,
  request: Parameters<typeof reportOfProblem>[1],
  env: NodeJS.ProcessEnv,
): RunReport {
  return maskedTexts(reportOfProblem(toProblem(error), request, new Date()), masker(secretValues(env)));
}
