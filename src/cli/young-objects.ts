import { setFlagsFromString } from 'node:v8';

/**
 * V8's memory for young objects does not grow in this process. On 10,000 files, `lint` takes 152 MiB instead of 275 and a
 * twentieth more time; on 10,000 tables, `safe-migrate` with nothing pending takes 348 MiB instead of 550.
 */
export function keepYoungObjectsSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
