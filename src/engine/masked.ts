import { mapTexts } from '../core/model/masking.ts';

/** Keys of a report whose texts are words of ours, numbers or times: a secret that is the word `apply` masks no step. */
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

/** What leaves a run, without the secrets that it was given. */
export function maskedTexts<T>(value: T, mask: ((text: string) => string) | undefined): T {
  return mask === undefined ? value : mapTexts(value, (text, key) => (OURS.has(key) ? text : mask(text)));
}
