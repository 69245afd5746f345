import { findBackup, listBackups } from '../../backups/list.ts';
import { withLocalCopy } from '../../backups/local-copy.ts';
import { pruneBackups } from '../../backups/prune.ts';
import { restoreBackup } from '../../backups/restore.ts';
import { recordRestored } from '../../backups/restored.ts';
import { takeBackup } from '../../backups/take.ts';
import { verifyBackup } from '../../backups/verify.ts';
import type { Backup } from '../../core/model/backup.ts';
import { bytesText } from '../../core/model/bytes.ts';
import { textStart } from '../../core/model/clip.ts';
import { count } from '../../core/model/count.ts';
import { masker } from '../../core/model/masking.ts';
import { invalidConfiguration, ProblemError } from '../../core/model/problem.ts';
import { REASONS, type Reason } from '../../core/model/reason.ts';
import { TASK_REQUEST_VARIABLE, type TaskReport, type TaskRequest, taskRequestSchema } from '../../core/model/task.ts';
import { TOOL_VERSION } from '../../core/model/version.ts';
import { listNames } from '../../core/planning/names.ts';
import { currentPosition } from '../../core/planning/plan.ts';
import { withoutAdvice } from '../../core/reconcile/stalled-message.ts';
import { checkDump } from '../../database/check-dump.ts';
import { openDatabase } from '../../database/open.ts';
import type { Database } from '../../database/port.ts';
import { toProblem } from '../../engine/failure.ts';
import { backupIdentities } from '../../library/backup-identities.ts';
import { holder } from '../../library/holder.ts';
import type { Io } from '../io.ts';
import { maskOutput } from '../mask-output.ts';
import { targetFromRequest } from '../request-target.ts';
import { secretValues } from '../secret-values.ts';
import { leaveTerminationMessage } from './termination-message.ts';

const TIMEOUTS = { connect: 60_000, lock: 60_000, statement: 0, run: 0 };
const LOCK_MS = 10 * 60_000;
/** How many backups a message names. */
const AVAILABLE = 3;

type Result = Partial<TaskReport> & Pick<TaskReport, 'reason' | 'message'>;

/**
 * The process inside the pod of a DatabaseBackup or a DatabaseRestore: one request from the environment, the report as
 * termination message and last line of the log. It has no API permissions.
 */
export async function runTask(io: Io): Promise<void> {
  const mask = masker(secretValues(io.env));
  maskOutput(process, mask);
  const startedAt = new Date().toISOString();
  let result: Result;
  let kind: TaskRequest['action']['kind'] | undefined;
  try {
    const request = readRequest(io.env[TASK_REQUEST_VARIABLE]);
    kind = request.action.kind;
    result = await perform(request, io);
  } catch (error) {
    const { reason, message } = toProblem(error);
    // The operator adds what to do in a cluster.
    const happened = textStart(withoutAdvice(mask(message)), 1_300);
    result = { reason, message: `${happened}${consequence(kind, reason, happened)}` };
  }
  const failed = REASONS[result.reason].exit !== 0;
  const report: TaskReport = {
    version: 1,
    result: failed ? 'failed' : 'succeeded',
    startedAt,
    finishedAt: new Date().toISOString(),
    ...result,
  };
  const text = JSON.stringify(report);
  io.out(text);
  leaveTerminationMessage(io, text);
  io.setExitCode(REASONS[result.reason].exit);
}

/** What the failure means for the database or the backups, unless the message says it. */
function consequence(kind: TaskRequest['action']['kind'] | undefined, reason: Reason, message: string): string {
  if (kind === 'backup' && !/was written and is listed/.test(message))
    return ' No backup was written; earlier ones are unchanged.';
  // The server may have completed what the lost connection sent.
  const unknown = reason === 'ConnectionLost' || reason === 'InternalError';
  return kind !== 'restore' || unknown || /unchanged|nothing was changed/i.test(message)
    ? ''
    : ' The database is unchanged.';
}

function readRequest(text: string | undefined): TaskRequest {
  const parsed = text === undefined ? undefined : taskRequestSchema.safeParse(JSON.parse(text));
  if (parsed?.success === true) return parsed.data;
  throw invalidConfiguration(
    `${TASK_REQUEST_VARIABLE} is missing or cannot be read. The operator starts this command; its version and that of the runner image probably differ.`,
  );
}

async function perform(request: TaskRequest, io: Io): Promise<Result> {
  const target = targetFromRequest(request, io.env);
  const restores = request.action.kind === 'restore';
  const applicationName = `db-manager ${request.action.kind}`;
  const options = { timeouts: TIMEOUTS, applicationName, create: restores ? ('file' as const) : false };
  const database = await openDatabase(target, options);
  try {
    return restores ? await restore(database, request, io) : await backup(database, request, io);
  } finally {
    await database.close();
  }
}

async function backup(database: Database, { action, place, ...request }: TaskRequest, io: Io): Promise<Result> {
  if (action.kind !== 'backup') throw new Error('not a backup');
  const { signal } = io;
  const taken = await takeBackup(database, place, {
    ...(await labels(database, request)),
    schemas: request.schemas,
    now: new Date(),
    signal,
    onMessage: (message) => io.err(message),
  });
  const identities = await backupIdentities({}, io.env);
  const notes: string[] = [];
  try {
    await verifyBackup(taken, { check: checkDump, identities, signal });
    if (action.verify === 'Restore') {
      const scratch = await withLocalCopy(taken, { identities, signal }, (local) =>
        database.createScratch({ kind: 'backup', backup: local }, { runId: `verify-${Date.now().toString(36)}` }),
      );
      await scratch.drop();
      const { restored: differences = [], place: copy } = scratch;
      notes.push(...differences.map(sentence));
      const restored = { at: new Date().toISOString(), place: copy.kind, differences };
      await recordRestored(taken, restored).catch((error: Error) => notes.push(sentence(error.message)));
    }
  } catch (error) {
    const problem = toProblem(error);
    const message = `${taken.manifest.name} was written and is listed, but it could not be verified. ${problem.message}`;
    throw new ProblemError({ ...problem, message }, { cause: error });
  }
  let pruned: number | undefined;
  if (action.retain !== undefined) {
    const onKept = (message: string) => notes.push(message);
    const { id } = database.identity;
    try {
      const removed = await pruneBackups(place, { ...action.retain, databaseId: id, now: new Date(), onKept });
      pruned = removed.length;
      const names = listNames(removed.map(({ manifest }) => manifest.name));
      if (pruned > 0) notes.push(`The retention deleted ${count(pruned, 'old backup')}: ${names}.`);
    } catch (error) {
      // The backup was taken and is listed, as after a run.
      notes.push(`Old backups could not be removed: ${toProblem(error).message}`);
    }
  }
  const { name, sizeBytes } = taken.manifest;
  const proof = action.verify === 'Restore' ? 'by a restore into a scratch copy' : 'by its checksum';
  return {
    reason: 'Succeeded',
    message: [`${name} (${bytesText(sizeBytes)}) was taken and verified ${proof}.`, ...notes].join(' '),
    database: database.identity.display,
    backup: { ...described(taken), verifiedBy: action.verify },
    pruned,
  };
}

function sentence(text: string): string {
  return `${text.replace(/\.$/, '')}.`;
}

async function restore(database: Database, { action, place, ...request }: TaskRequest, io: Io): Promise<Result> {
  if (action.kind !== 'restore') throw new Error('not a restore');
  const { identity } = database;
  const { signal } = io;
  const name = identity.id.slice(identity.id.lastIndexOf('/') + 1);
  if (action.confirm !== name) {
    throw invalidConfiguration(
      `spec.confirm is "${action.confirm}", and the database is "${name}". Nothing was changed.`,
    );
  }
  const lock = await database.lock({ waitMs: LOCK_MS, runId: 'restore', holder: holder(io.env), signal });
  try {
    const found = await wanted(place, action, action.into ? undefined : identity.id).catch(async (error: unknown) => {
      throw await withAvailable(error, place, identity.id);
    });
    const notes: string[] = [];
    const { safetyBackup, kept } = await restoreBackup(database, found, {
      safetyBackup: { folder: place, ...(await labels(database, request)) },
      identities: await backupIdentities({}, io.env),
      now: new Date(),
      into: action.into,
      terminateSessions: action.terminateSessions,
      onMessage: (message) => {
        io.err(message);
        notes.push(message);
      },
      signal,
    });
    if (safetyBackup !== undefined) notes.push(`The previous state is in the backup ${safetyBackup.manifest.name}.`);
    if (kept !== undefined) notes.push(`The previous database is kept as ${kept.name}.`);
    const { manifest } = found;
    return {
      reason: 'Succeeded',
      message: textStart(
        `${manifest.name} was restored. The database and its history are at ${manifest.revision}. What was written after ${manifest.takenAt} is not in it. ${notes.join(' ')}`.trim(),
        1_500,
      ),
      database: identity.display,
      backup: described(found),
      safetyBackup: safetyBackup?.manifest.name,
      kept: kept?.name,
    };
  } finally {
    await lock.release();
  }
}

async function wanted(
  place: string,
  { backup, before }: Extract<TaskRequest['action'], { kind: 'restore' }>,
  databaseId: string | undefined,
): Promise<Backup> {
  if (backup !== undefined) return findBackup(place, backup, databaseId);
  const { backups } = await listBackups(place);
  const limit = Date.parse(before ?? '');
  const found = backups.find(
    ({ manifest }) =>
      Date.parse(manifest.takenAt) <= limit && (databaseId === undefined || manifest.database.id === databaseId),
  );
  if (found !== undefined) return found;
  throw new ProblemError({
    reason: 'BackupNotFound',
    message: `No backup of this database was taken at or before ${before}. To list the backups: \`db-manager list-backups\`.`,
  });
}

/** Whoever has only kubectl cannot list the backups. */
async function withAvailable(error: unknown, place: string, databaseId: string): Promise<unknown> {
  const problem = toProblem(error);
  if (problem.reason !== 'BackupNotFound') return error;
  const { backups } = await listBackups(place);
  const own = backups.filter(({ manifest }) => manifest.database.id === databaseId).slice(0, AVAILABLE);
  const newest = own.map(({ manifest }) => `${manifest.name} (${manifest.takenAt})`).join(', ');
  const available = own.length === 0 ? 'It has none of this database.' : `Its newest of this database: ${newest}.`;
  const [happened = ''] = problem.message.split(' To list the backups');
  const message = `${happened} Retention or a person may have deleted it. ${available}`;
  return new ProblemError({ ...problem, message }, { cause: error });
}

async function labels(
  database: Database,
  { recipients, compression }: Pick<TaskRequest, 'recipients' | 'compression'>,
) {
  return {
    revision: currentPosition(await database.history.read()),
    toolVersion: TOOL_VERSION,
    compression: compression ?? ('auto' as const),
    recipients,
  };
}

function described({ path, manifest }: Backup): NonNullable<TaskReport['backup']> {
  const { name, sizeBytes, sha256, takenAt, revision, encryption } = manifest;
  return { name, path, sizeBytes, sha256, takenAt, revision, encrypted: encryption !== undefined };
}
