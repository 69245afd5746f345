import type { SourcePosition } from '../../core/model/problem.ts';
import { framePlace } from '../module-error.ts';

/** Stack frames of Sequelize and of the author's helpers are between the line of a migration and its query. */
const FRAMES = 60;

/** The line of a code migration that is being run, where the stack shows it; `path` is the file's absolute one. */
export function placeOfCaller(file: string, path: string): SourcePosition | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  const { stack = '' } = new Error('where');
  Error.stackTraceLimit = limit;
  const place = framePlace(stack, path);
  return place === undefined ? undefined : { file, ...place };
}
