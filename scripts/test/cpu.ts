/** CPU time, from Linux's /proc. */
import { readFileSync } from 'node:fs';

/** Seconds of this process and of its children that have ended; 0 where /proc is missing. */
export function cpuSeconds(): number {
  try {
    // Fields 14 to 17 of proc(5), counted after the command's name, in hundredths of a second.
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
  } catch {
    return 0;
  }
}
