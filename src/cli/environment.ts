import { protectTarget } from '../author/target-variables.ts';
import { masker } from '../core/model/masking.ts';
import type { RunEvent } from '../core/model/report.ts';
import type { RunRequest } from '../core/model/request.ts';
import type { DatabaseTarget } from '../core/model/target.ts';
import type { RunEnvironment } from '../engine/ports.ts';
import { localEnvironment } from '../library/local-run.ts';
import type { Io } from './io.ts';
import { secretValues } from './secret-values.ts';

/** The real ports of a run: the clock, the databases, this process's signal. */
export function runEnvironment(
  io: Io,
  target: DatabaseTarget,
  request: Pick<RunRequest, 'safety'>,
  emit: (event: RunEvent) => void,
): RunEnvironment {
  protectTarget(target);
  return {
    ...localEnvironment(target, request, { env: io.env, onEvent: emit, signal: io.signal }),
    ...(io.env.DB_MANAGER_IMAGE === undefined ? {} : { image: io.env.DB_MANAGER_IMAGE }),
    mask: masker([...secretValues(io.env), ...passwordOf(target)]),
  };
}

function passwordOf(target: DatabaseTarget): string[] {
  return 'password' in target && target.password !== undefined ? [target.password.reveal()] : [];
}
