/**
 * Writes scripts/test/seconds.json, by which a fresh clone runs the longest files first, from the times of the last runs:
 * `node scripts/test/record-seconds.ts`, after a whole `CI=true npm test` on a machine that does nothing else.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { testFiles } from '../../test/support/test-files.ts';

const measured = JSON.parse(readFileSync('.cache/test-seconds.json', 'utf8')) as Record<string, number>;
/** The order of short files makes no difference. */
const LEAST_SECONDS = 2;

const long = testFiles().filter((file) => (measured[file] ?? 0) >= LEAST_SECONDS);
const rounded = Object.fromEntries(long.map((file) => [file, Math.round(measured[file] ?? 0)]));
writeFileSync('scripts/test/seconds.json', `${JSON.stringify(rounded, null, 2)}\n`);
