/** Where a scratch copy of PostgreSQL is created: on a private server of the run, or on an existing server. */
import { ProblemError } from '../../core/model/problem.ts';
import type { OpenDatabase, PreparedScratch, Scratch, ScratchOptions, ScratchSource } from '../port.ts';
import { connect, type PostgresConnection } from './connection.ts';
import { droppedOnce } from './drop-database.ts';
import { sweepFolders } from './private/folder.ts';
import { PreparedServer, prepareServer } from './private/prepared-server.ts';
import { NoPrivateServer } from './private/problem.ts';
import { createPrivate } from './private/scratch.ts';
import { dropStale } from './scratch-database.ts';
import { createOnServer } from './scratch-same-server.ts';

/** Creates a scratch copy and opens it. Throws ProblemError RehearsalImpossible or BackupInvalid. */
export async function createScratch(
  open: PostgresConnection,
  from: ScratchSource,
  options: ScratchOptions,
  openDatabase: OpenDatabase,
): Promise<Scratch> {
  const { server = 'Auto' } = options;
  if (typeof server === 'object') return onOtherServer(open, from, options, openDatabase, server.target);
  if (server === 'SameServer') {
    return { ...(await createOnServer(open, open, from, options, openDatabase)), ...at('SameServer') };
  }
  try {
    const prepared = options.prepared instanceof PreparedServer ? options.prepared : undefined;
    return await createPrivate(open, from, options, openDatabase, prepared);
  } catch (error) {
    if (!(error instanceof NoPrivateServer)) throw error;
    const why = `no private server could be used: ${error.message}`;
    if (server === 'Private') throw impossible(`A private server was requested, but ${why}.`, error);
    return { ...(await fallBack(open, from, options, openDatabase, why)), ...at('SameServer', why) };
  }
}

/** Starts the private server of a copy; nothing where copies are made on an existing server. Never throws. */
export async function prepareScratch(
  open: PostgresConnection,
  { server = 'Auto' }: Pick<ScratchOptions, 'server'>,
): Promise<PreparedScratch | undefined> {
  return server === 'Auto' || server === 'Private' ? prepareServer(open) : undefined;
}

/** Drops scratch copies of this database that dead runs left, and nothing else; returns their names. */
export async function dropStaleScratches(
  open: PostgresConnection,
  onMessage?: (message: string) => void,
): Promise<string[]> {
  return [...(await dropStale(open, onMessage)), ...(await sweepFolders())];
}

async function fallBack(
  open: PostgresConnection,
  from: ScratchSource,
  options: ScratchOptions,
  openDatabase: OpenDatabase,
  why: string,
) {
  try {
    return await createOnServer(open, open, from, options, openDatabase);
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.reason !== 'RehearsalImpossible') throw error;
    throw impossible(`${error.problem.message} The target's server was used because ${why}.`, error);
  }
}

async function onOtherServer(
  open: PostgresConnection,
  from: ScratchSource,
  options: ScratchOptions,
  openDatabase: OpenDatabase,
  target: Extract<ScratchOptions['server'], object>['target'],
): Promise<Scratch> {
  if (target.dialect !== 'postgres') {
    throw new ProblemError({
      reason: 'InvalidConfiguration',
      message:
        'safety.rehearsalServer is not a PostgreSQL URL, but the target is PostgreSQL. Set it to a PostgreSQL server.',
    });
  }
  const timeouts = { connect: 10_000, lock: 10_000, statement: 0, run: 0 };
  const place = await connect(target, { timeouts, applicationName: `db-manager rehearsal ${options.runId}` });
  const close = async () => {
    await place.closeSequelize();
    await place.client.end();
  };
  try {
    if (place.identity.id.replace(/\/.*/, '') === open.identity.id.replace(/\/.*/, '')) {
      throw impossible(
        'safety.rehearsalServer is the server of the target. Set it to another server, or set SameServer.',
      );
    }
    await dropStale({ ...place, target: { ...place.target, database: open.target.database } });
    const made = await createOnServer(place, open, from, options, openDatabase);
    return { ...made, ...at('OtherServer'), drop: droppedOnce(() => made.drop().finally(close)) };
  } catch (error) {
    await close();
    throw error;
  }
}

function at(kind: Scratch['place']['kind'], why?: string): Pick<Scratch, 'place'> {
  return { place: { kind, why } };
}

function impossible(message: string, cause?: unknown): ProblemError {
  return new ProblemError({ reason: 'RehearsalImpossible', message }, { cause });
}
