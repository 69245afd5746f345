import type { RunRequest } from '../src/core/model/request.ts';

/** A request that only migrates: nothing is worth a backup in a database that has just been made. */
export function demoRequest(options: { database: string; target: string; backups: string }): RunRequest {
  return {
    version: 1,
    runId: 'demo-setup',
    attempt: 1,
    database: { sqlite: { path: options.database } },
    migrations: { path: 'migrations/versions' },
    target: options.target,
    allowDowngrade: false,
    outOfOrder: 'Refuse',
    dryRun: false,
    approval: 'Automatic',
    safety: { mode: 'Enforce', ignore: [], rehearsal: 'Disabled', roundTrip: false },
    validation: { before: 'Disabled', after: 'Disabled', expect: 'Auto' },
    backup: { enabled: false, folder: options.backups, compression: 'auto' },
    onFailure: 'Keep',
    timeouts: { connect: 10_000, lock: 5_000, statement: 0, run: 600_000 },
  };
}
