import pc from 'picocolors';
import type { Io } from '../io.ts';

/** Colours if the output supports them, else functions that change nothing. */
export function paint(io: Pick<Io, 'colour'>) {
  return pc.createColors(io.colour);
}
