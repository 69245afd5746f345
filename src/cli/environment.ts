import { hostname, userInfo } from 'node:os';
import type { RunEvent } from '../core/model/report.ts';
import type { DatabaseTarget } from '../core/model/target.ts';
import { openDatabase } from '../database/open.ts';
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

/** How those who wait on our lock see us. In a pod the host name is the pod's name. */
function holder(env: Io['env']): string {
  if (env.KUBERNETES_SERVICE_HOST !== undefined || env.DB_MANAGER_POD !== undefined) {
    return `pod/${env.DB_MANAGER_POD ?? hostname()}`;
  }
  return `${userName()}@${hostname()} (process ${process.pid})`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown'; // a user id without an entry in /etc/passwd, usual in containers
  }
}
