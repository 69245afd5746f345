/** Where the tools work: SQLite, PostgreSQL without flushing to disk, and PostgreSQL as users run it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type TestDialect, temporaryDatabase } from '../support/databases.ts';
import { type PrivatePostgres, sharedPostgres, startPostgres } from '../support/postgres.ts';

export interface Place {
  name: string;
  dialect: TestDialect;
  create(): Promise<{ url: string; drop(): Promise<void> }>;
  /** Processor time of the server's ended sessions so far, in seconds. */
  serverSeconds(): Promise<number>;
}

export const sqlite: Place = {
  name: 'SQLite',
  dialect: 'sqlite',
  create: () => temporaryDatabase('sqlite'),
  serverSeconds: async () => 0,
};

const on = (name: string, server: PrivatePostgres): Place => ({
  name,
  dialect: 'postgres',
  create: () => server.createDatabase('bench'),
  serverSeconds: () => endedSessions(server),
});

export const postgres = async (): Promise<Place> => on('PostgreSQL, fsync off', await sharedPostgres());

/** Calls `use` with a server of its own that flushes each commit. */
export async function withFsync(use: (place: Place) => Promise<void>): Promise<void> {
  const server = await startPostgres({ fsync: true });
  try {
    await use(on('PostgreSQL, fsync on', server));
  } finally {
    await server.stop();
  }
}

/** The kernel adds the time of a session to its parent when it has ended, shortly after its client. */
async function endedSessions({ dataFolder }: PrivatePostgres): Promise<number> {
  await sleep(100);
  const [pid] = readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8').split('\n');
  // proc(5): fields 16 and 17, in ticks of 1/100 s; the name in field 2 has no space here.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ');
  return (Number(fields[15]) + Number(fields[16])) / 100;
}
