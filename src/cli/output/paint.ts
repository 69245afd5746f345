import pc from 'picocolors';
import type { Io } from '../io.ts';

/** Colours where the output wants them, else functions that change nothing. */
export function paint(io: Pick<Io, 'colour'>) {
  return pc.createColors(io.colour);
}
