import { randomUUID } from 'node:crypto';
import { parseDatabaseUrl } from '../../src/core/model/database-url.ts';
import type { RunEvent, RunReport } from '../../src/core/model/report.ts';
import type { RunRequest } from '../../src/core/model/request.ts';
import type { DatabaseTarget } from '../../src/core/model/target.ts';
import { openDatabase } from '../../src/database/open.ts';
import type { Database } from '../../src/database/port.ts';
import { run } from '../../src/engine/run.ts';
import { scratchServerOf } from '../../src/library/scratch-server.ts';

export const EXAMPLE = 'migrations/versions';

type Overrides = Partial<Omit<RunRequest, 'safety' | 'validation' | 'backup' | 'timeouts'>> & {
  safety?: Partial<RunRequest['safety']>;
  validation?: Partial<RunRequest['validation']>;
  backup?: Partial<RunRequest['backup']>;
  timeouts?: Partial<RunRequest['timeouts']>;
};

/** A whole run with everything on, as a resource with defaults would ask for. */
export function requestFor(folder: string, backups: string, overrides: Overrides = {}): RunRequest {
  const { safety, validation, backup, timeouts, ...rest } = overrides;
  return {
    version: 1,
    runId: randomUUID().slice(0, 8),
    attempt: 1,
    database: { urlVariable: 'DATABASE_URL' },
    migrations: { path: folder },
    target: 'head',
    allowDowngrade: false,
    outOfOrder: 'Refuse',
    dryRun: false,
    approval: 'Automatic',
    safety: { mode: 'Enforce', ignore: [], rehearsal: 'Auto', roundTrip: true, ...safety },
    validation: { before: 'Warn', after: 'Enforce', expect: 'Auto', ...validation },
    backup: { enabled: true, folder: backups, compression: 'auto', retain: { last: 10, days: 30 }, ...backup },
    onFailure: 'Keep',
    timeouts: { connect: 3_000, lock: 2_000, statement: 0, run: 600_000, ...timeouts },
    ...rest,
  };
}

export function targetOf(url: string): DatabaseTarget {
  const parsed = parseDatabaseUrl(url);
  if (!parsed.ok) throw new Error(parsed.problem.message);
  return parsed.target;
}

/** Runs a request and keeps its events. */
export async function runOn(
  url: string,
  request: RunRequest,
  signal: AbortSignal = new AbortController().signal,
  onEvent: (event: RunEvent) => void = () => {},
): Promise<{ report: RunReport; events: RunEvent[] }> {
  const events: RunEvent[] = [];
  const report = await run(request, {
    target: targetOf(url),
    rehearsalServer: scratchServerOf(request.safety.rehearsalServer, {}),
    openDatabase,
    holder: 'test',
    now: () => new Date(),
    emit: (event) => {
      events.push(event);
      onEvent(event);
    },
    signal,
  });
  return { report, events };
}

/** Opens a database for a look, and closes it. */
export async function look<T>(url: string, ask: (database: Database) => Promise<T>): Promise<T> {
  const timeouts = { connect: 3_000, lock: 2_000, statement: 0, run: 0 };
  const database = await openDatabase(targetOf(url), { timeouts, applicationName: 'test' });
  try {
    return await ask(database);
  } finally {
    await database.close();
  }
}

/** One query, as rows. */
export function query<Row extends object>(database: Database, sql: string): Promise<Row[]> {
  const { query } = database.sequelize as { query(sql: string, options: object): Promise<Row[]> };
  return query.call(database.sequelize, sql, { type: 'SELECT', raw: true });
}
