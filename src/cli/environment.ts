import type { RunEvent } from '../core/model/report.ts';
import type { DatabaseTarget } from '../core/model/target.ts';
import { openDatabase } from '../database/open.ts';
import { holder } from '../library/holder.ts';
import type { RunEnvironment } from '../runner/ports.ts';
import type { Io } from './io.ts';

/** The real ports of a run: the clock, the databases, this process's signal. */
export function runEnvironment(io: Io, target: DatabaseTarget, emit: (event: RunEvent) => void): RunEnvironment {
  return {
    target,
    openDatabase,
    holder: holder(io.env),
    now: () => new Date(),
    emit,
    signal: io.signal,
  };
}
