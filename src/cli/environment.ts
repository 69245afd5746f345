import { protectTarget } from '../author/target-variables.ts';
import { masker } from '../core/model/masking.ts';
import type { RunEvent } from '../core/model/report.ts';
import type { RunRequest } from '../core/model/request.ts';
import type { DatabaseTarget } from '../core/model/target.ts';
import { openDatabase } from '../database/open.ts';
import type { RunEnvironment } from '../engine/ports.ts';
import { backupIdentities } from '../library/backup-identities.ts';
import { holder } from '../library/holder.ts';
import { scratchServerOf } from '../library/scratch-server.ts';
import type { Io } from './io.ts';
import { secretValues } from './secret-values.ts';

/** The real ports of a run: the clock, the databases, this process's signal. */
export function runEnvironment(
  io: Io,
  target: DatabaseTarget,
  { safety }: Pick<RunRequest, 'safety'>,
  emit: (event: RunEvent) => void,
): RunEnvironment {
  protectTarget(target);
  return {
    target,
    openDatabase,
    rehearsalServer: scratchServerOf(safety.rehearsalServer, io.env),
    backupIdentities: () => backupIdentities({}, io.env),
    holder: holder(io.env),
    ...(io.env.DB_MANAGER_IMAGE === undefined ? {} : { image: io.env.DB_MANAGER_IMAGE }),
    now: () => new Date(),
    emit,
    mask: masker([...secretValues(io.env), ...passwordOf(target)]),
    signal: io.signal,
  };
}

function passwordOf(target: DatabaseTarget): string[] {
  return 'password' in target && target.password !== undefined ? [target.password.reveal()] : [];
}
