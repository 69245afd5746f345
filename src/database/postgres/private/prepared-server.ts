import type { PreparedScratch, ScratchSource } from '../../port.ts';
import type { PostgresConnection } from '../connection.ts';
import { majorOf } from '../dump.ts';
import { withClient } from '../queries.ts';
import { largestTableBytes, sizeBytes } from '../size.ts';
import { liken } from './liken.ts';
import { type Likeness, readLikeness } from './likeness.ts';
import { findServer, type PrivateServer, refuseWithoutSpace, startServer } from './server.ts';

/** A private server with the roles, the settings and the empty database of the target. */
export interface LikeServer {
  server: PrivateServer;
  like: Likeness;
  /** How the database differs from the target's, as sentences. */
  notes: string[];
  /** Size of the copy, plus the bytes that a migration may write. */
  bytes: number;
}

type Empty = Extract<ScratchSource, { kind: 'empty' }>;

/** A server that starts while the backup is taken. It is for one copy. */
export class PreparedServer implements PreparedScratch {
  #starting: Promise<LikeServer> | undefined;

  constructor(starting: Promise<LikeServer>) {
    this.#starting = starting;
    // Reported when the server is taken.
    starting.catch(() => {});
  }

  /** The server, which its new owner stops; undefined if it was taken before. Throws as `startLike`. */
  async take(): Promise<LikeServer | undefined> {
    const starting = this.#starting;
    this.#starting = undefined;
    const taken = await starting;
    if (taken === undefined) return undefined;
    try {
      // The backup may have filled the disk.
      await refuseWithoutSpace(taken.bytes);
      return taken;
    } catch (error) {
      await taken.server.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    const starting = this.#starting;
    this.#starting = undefined;
    const started = await starting?.catch(() => undefined);
    await started?.server.stop();
  }
}

/** Returns when the target has been read; the server then starts. Never throws. */
export async function prepareServer(open: PostgresConnection): Promise<PreparedServer> {
  const reading = readTarget(open, true);
  const target = await reading.catch(() => undefined);
  return new PreparedServer(target === undefined ? reading.then(start) : start(target));
}

/** Throws NoPrivateServer if the target's server cannot be reproduced here. */
export async function startLike(open: PostgresConnection, from: ScratchSource): Promise<LikeServer> {
  return start(await readTarget(open, from.kind === 'backup'), from.kind === 'empty' ? from : undefined);
}

async function readTarget(open: PostgresConnection, withRows: boolean) {
  const programs = await findServer(majorOf(open));
  const like = await readLikeness(open);
  const bytes = withRows ? (await sizeBytes(open.client)) + (await largestTableBytes(open.client)) : 0;
  return { programs, like, bytes, database: open.target.database };
}

async function start(
  { programs, like, bytes, database }: Awaited<ReturnType<typeof readTarget>>,
  empty?: Empty,
): Promise<LikeServer> {
  const server = await startServer(programs, { settings: like.configuration, bytes });
  try {
    const notes = await withClient(server.connect('template1'), (admin) =>
      liken(admin, like, likenOptions(database, like, empty)),
    );
    return { server, like, notes, bytes };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** As the owner of an empty database, the role may create everything in it. */
export function likenOptions(database: string, like: Likeness, empty?: Empty) {
  return { database, ...(empty === undefined ? {} : { owner: like.actsAs, makesRole: empty.makesRole }) };
}
