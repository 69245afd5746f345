import type { Readable, Writable } from 'node:stream';
import type { Clients } from './dump-clients.ts';
import { type Program, startProgram } from './dump-program.ts';

export interface Stream {
  clients: Clients;
  /** Of psql: the database to write to. */
  env: NodeJS.ProcessEnv;
  serverMajor: number;
  /** Runs first. */
  begin: string;
  /** The program whose standard output is the SQL in between. */
  source: Program;
  /** Runs only when the source has said that it wrote everything. */
  commit: string;
  onBytes?(done: number): void;
  signal?: AbortSignal;
}

/** Undefined when all went well; else the words of the program that failed first. */
export async function streamToPsql(stream: Stream): Promise<string | undefined> {
  const { source, signal } = stream;
  const args = ['--no-psqlrc', '--quiet', '--no-password', '--set=ON_ERROR_STOP=1'];
  const psql = startProgram(stream.clients, 'psql', args, { env: stream.env, stdin: 'pipe', signal });
  const into = psql.child.stdin;
  const from = source.child.stdout;
  if (!into || !from) throw new Error('the programs have no pipes');
  // psql that has ended tells why by itself; that the pipe broke is only its echo.
  into.on('error', () => {});
  psql.ended.then(() => source.child.kill('SIGTERM')).catch(() => {});

  into.write(SESSION);
  into.write(stream.begin);
  for await (const piece of withoutUnknownSettings(from, stream.serverMajor)) {
    stream.onBytes?.(piece.length);
    if (!into.writable) break;
    if (!into.write(piece)) await drained(into);
  }
  const written = await source.ended;
  // Without the commit the server rolls back, whatever became of us.
  const whole = written.ok && !signal?.aborted;
  if (whole) into.end(stream.commit);
  else into.destroy();
  const applied = await psql.ended;
  if (!applied.ok && applied.words !== '') return applied.words;
  if (!written.ok) return written.words;
  return applied.ok && whole ? undefined : 'stopped before its commit';
}

/** Limits of the role or the database that would end a restore, before its transaction begins. */
const SESSION = `SET statement_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET default_transaction_read_only = off;
`;

/** Resolves also when the other side has gone; the next look at `writable` tells. */
function drained(into: Writable): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      into.off('drain', go).off('close', go);
      resolve();
    };
    into.on('drain', go).on('close', go);
  });
}

/** A newer pg_dump sets what an older server does not know: `transaction_timeout` came with PostgreSQL 17. */
async function* withoutUnknownSettings(from: Readable, serverMajor: number): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = serverMajor < 17 ? Buffer.alloc(0) : undefined;
  for await (const piece of from as AsyncIterable<Buffer>) {
    if (head === undefined) {
      yield piece;
      continue;
    }
    head = Buffer.concat([head, piece]);
    if (head.length < HEAD_BYTES) continue;
    yield cleaned(head);
    head = undefined;
  }
  if (head !== undefined) yield cleaned(head);
}

/** The settings stand at the very beginning. */
const HEAD_BYTES = 4_096;

function cleaned(head: Buffer): Buffer {
  return Buffer.from(head.toString('latin1').replace(/^SET transaction_timeout = 0;$/m, ''), 'latin1');
}
