import { mapTexts } from '../core/model/masking.ts';

/**
 * Keys of a report with fixed texts, numbers or times: a secret that equals `apply` must not mask the name of a step.
 */
const OURS = new Set([
  'runId',
  'type',
  'step',
  'kind',
  'reason',
  'result',
  'retry',
  'at',
  'startedAt',
  'finishedAt',
  'takenAt',
  'toolVersion',
  'severity',
  'rule',
  'unit',
  'direction',
  'digest',
  'sha256',
  'verifiedBy',
  'roundTrip',
  'mode',
]);

/** Output of a run, without the secrets that the run was given. */
export function maskedTexts<T>(value: T, mask: ((text: string) => string) | undefined): T {
  return mask === undefined ? value : mapTexts(value, (text, key) => (OURS.has(key) ? text : mask(text)));
}
