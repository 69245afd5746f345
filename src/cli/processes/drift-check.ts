import { protectTarget } from '../../author/target-variables.ts';
import { count } from '../../core/model/count.ts';
import {
  boundDriftReport,
  DRIFT_REQUEST_VARIABLE,
  type DriftReport,
  type DriftRequest,
  driftRequestSchema,
} from '../../core/model/drift-check.ts';
import { masker } from '../../core/model/masking.ts';
import { invalidConfiguration } from '../../core/model/problem.ts';
import { REASONS } from '../../core/model/reason.ts';
import { openDatabase } from '../../database/open.ts';
import { compareLive, readLive } from '../../engine/drift.ts';
import { toProblem } from '../../engine/failure.ts';
import { lockWait } from '../../engine/lock-wait.ts';
import { holder } from '../../library/holder.ts';
import { replayOn } from '../../library/schema.ts';
import { scratchServerOf } from '../../library/scratch-server.ts';
import { filesOf } from '../../library/session.ts';
import type { Io } from '../io.ts';
import { maskOutput } from '../mask-output.ts';
import { targetFromRequest } from '../request-target.ts';
import { secretValues } from '../secret-values.ts';
import { leaveTerminationMessage } from './termination-message.ts';

/**
 * The process inside the pod of a drift check: one request from the environment, the report as termination message and
 * last line of the log. It writes nothing to the database and has no API permissions.
 */
export async function runDriftCheck(io: Io): Promise<void> {
  const mask = masker(secretValues(io.env));
  maskOutput(process, mask);
  let found: Omit<DriftReport, 'version' | 'finishedAt'>;
  try {
    found = await check(readRequest(io.env[DRIFT_REQUEST_VARIABLE]), io);
  } catch (error) {
    const { reason, message } = toProblem(error);
    found = { result: 'failed', reason, message: mask(message).slice(0, 1_500), total: 0, ignored: 0, differences: [] };
  }
  const report = boundDriftReport({ version: 1, finishedAt: new Date().toISOString(), ...found });
  const text = mask(JSON.stringify(report));
  io.out(text);
  leaveTerminationMessage(io, text);
  // Drift is the result of a check that succeeded.
  io.setExitCode(found.result === 'succeeded' ? 0 : REASONS[found.reason].exit);
}

function readRequest(text: string | undefined): DriftRequest {
  const parsed = text === undefined ? undefined : driftRequestSchema.safeParse(JSON.parse(text));
  if (parsed?.success === true) return parsed.data;
  throw invalidConfiguration(
    `${DRIFT_REQUEST_VARIABLE} cannot be read. The operator starts this command; its version and that of the runner image probably differ.`,
  );
}

async function check(request: DriftRequest, io: Io): Promise<Omit<DriftReport, 'version' | 'finishedAt'>> {
  const { timeouts, runId, ignore } = request;
  const target = targetFromRequest(request, io.env);
  protectTarget(target);
  const database = await openDatabase(target, { timeouts, applicationName: `db-manager ${runId}`, create: false });
  try {
    const options = { waitMs: lockWait(timeouts.run), runId, holder: holder(io.env), signal: io.signal };
    const { history, found } = await readLive(database, { ...options, onWaiting: (message) => io.err(message) });
    const { path: folder, include, exclude } = request.migrations;
    const wanted = await replayOn(
      database,
      await filesOf({ migrations: folder, include, exclude }),
      history.map(({ revision }) => revision),
      { folder, runId, server: scratchServerOf(request.rehearsalServer, io.env), timeouts, signal: io.signal },
    );
    const { differences, ignored } = await compareLive(database, wanted, found, ignore);
    const total = differences.length;
    return {
      result: 'succeeded',
      reason: total === 0 ? 'InSync' : 'SchemaDrift',
      message: messageOf(
        differences.map(({ message }) => message),
        ignored,
      ),
      total,
      ignored,
      differences: differences.slice(0, 100).map(({ message, sql }) => ({
        message,
        ...(sql.length === 0 ? {} : { sql: `${sql.join(';\n')};` }),
      })),
    };
  } finally {
    await database.close();
  }
}

/** The differences as one sentence for the condition; the status lists them with their SQL. */
function messageOf(messages: readonly string[], ignored: number): string {
  const left = ignored === 0 ? '' : ` ${count(ignored, 'difference')} ${ignored === 1 ? 'is' : 'are'} ignored.`;
  if (messages.length === 0) return `The live schema matches the applied migrations.${left}`;
  const shown = messages.slice(0, 3).map((message) => message.slice(0, 200));
  const more = messages.length > shown.length ? `; and ${messages.length - shown.length} more` : '';
  return `${count(messages.length, 'difference')} from the applied migrations: ${shown.join('; ')}${more}.${left}`;
}
