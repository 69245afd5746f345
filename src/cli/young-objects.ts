import { setFlagsFromString } from 'node:v8';

/**
 * V8's memory for young objects does not grow in this process. `lint` of 10,000 files takes 152 MiB instead of 275 and a
 * twentieth more time; `validate` of 4,000 tables 243 MiB instead of 443, and no more time.
 */
export function keepYoungObjectsSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
