import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc: () => void = runInNewContext('gc');

/** Collects what nothing refers to any more, so that a measurement afterwards counts only what is kept. */
export function collectGarbage(): void {
  gc();
}
