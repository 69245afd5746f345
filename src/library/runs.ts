import { randomUUID } from 'node:crypto';
import { textStart } from '../core/model/clip.ts';
import { ProblemError } from '../core/model/problem.ts';
import type { RunRecord } from '../core/model/run-record.ts';
import { TOOL_VERSION } from '../core/model/version.ts';
import { openDatabase } from '../database/open.ts';
import type { Database } from '../database/port.ts';
import { holder } from './holder.ts';
import { asWriter, type Create, type Session, withDatabase } from './session.ts';
import type { Options } from './settings.ts';

/**
 * The runs that the database keeps, the last one first. Throws ProblemError.
 *
 * @example
 * const runs = await listRuns({ databaseUrl: 'sqlite:///data/app.db' });
 */
export function listRuns(options: Options & { last?: number } = {}): Promise<RunRecord[]> {
  return withDatabase(options, async ({ database }) => (await database.runs.list()).slice(0, options.last));
}

/**
 * One run by its id or the unique start of it. Throws ProblemError UnknownTarget or AmbiguousTarget.
 *
 * @example
 * const run = await showRun({ databaseUrl: 'sqlite:///data/app.db', id: '4f2a91c0' }).catch(() => undefined);
 * if (run !== undefined) console.log(run.steps);
 */
export function showRun(options: Options & { id: string }): Promise<RunRecord> {
  return withDatabase(options, async ({ database }) => {
    const found = (await database.runs.list()).filter(({ runId }) => runId.startsWith(options.id));
    const [last] = found;
    if (last === undefined) {
      const message = `No run starts with "${options.id}". List them: db-manager runs`;
      throw new ProblemError({ reason: 'UnknownTarget', message });
    }
    // Attempts of one run have the same id; the last one is shown.
    const others = new Set(found.map(({ runId }) => runId));
    if (others.size > 1) {
      const message = `"${options.id}" matches ${others.size} runs. Use a longer prefix: ${[...others].slice(0, 5).join(', ')}`;
      throw new ProblemError({ reason: 'AmbiguousTarget', message });
    }
    return last;
  });
}

/** What a command did, for its row. */
type Done = Pick<RunRecord, 'plan' | 'applied' | 'message' | 'backup'> & Pick<Required<RunRecord>, 'reason'>;

interface Command<T> {
  /** The name of the command. */
  name: string;
  work(session: Session): Promise<T>;
  describe(result: T): Done;
  /** Create a missing database, as `asWriter` does. */
  create?: Create;
  /** The command replaces the database: a run that was `running` in the backup has ended. */
  replaces?: boolean;
}

/**
 * Runs a command under the migration lock, and keeps it as a run: a row when it holds the lock, completed at its end. A
 * command on a database without a history is not kept until it writes one. A row that cannot be written does not fail the
 * command.
 */
export function asRun<T>(options: Options, command: Command<T>): Promise<T> {
  return asWriter(options, (session) => runIn(session, command), command.create);
}

async function runIn<T>(session: Session, { name, work, describe, replaces = false }: Command<T>): Promise<T> {
  const { database, runId } = session;
  const first: RunRecord = {
    runId: `${runId}-${randomUUID().slice(0, 4)}`,
    attempt: 1,
    state: 'running',
    command: name,
    startedAt: new Date().toISOString(),
    startedBy: holder(),
    toolVersion: TOOL_VERSION,
  };
  const known = await database.runs.exists().catch(() => false);
  if (known) await database.runs.start(first).catch(() => {});
  const finish = async (end: Partial<RunRecord>, restart: boolean) => {
    const record = { ...first, ...end, state: 'ended' as const, finishedAt: new Date().toISOString() };
    const write = async ({ runs }: Database) => {
      if (!known && !(await runs.exists())) return;
      if (restart) await runs.start(first);
      await runs.finish(record);
    };
    await write(database)
      .catch(() => onNewConnection(session, write))
      .catch(() => {});
  };
  let result: T;
  try {
    result = await work(session);
  } catch (error) {
    const problem = error instanceof ProblemError ? error.problem : undefined;
    const message = textStart(problem?.message ?? 'an internal error', 2_000);
    await finish({ result: 'failed', reason: problem?.reason ?? 'InternalError', message }, false);
    throw error;
  }
  await finish({ result: 'succeeded', ...describe(result) }, replaces);
  return result;
}

/** A restore may replace the database and end its connections. */
async function onNewConnection(
  { settings, runId }: Session,
  write: (database: Database) => Promise<void>,
): Promise<void> {
  const { target, timeouts } = settings;
  const database = await openDatabase(target, { timeouts, applicationName: `db-manager ${runId}` });
  await write(database).finally(() => database.close());
}
