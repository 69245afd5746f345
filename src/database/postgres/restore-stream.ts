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
  /** Instead of the empty one that pg_dump's SQL sets: functions may read tables whose schema they do not name. */
  searchPath?: string;
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

  into.write(stream.begin);
  for await (const piece of withFittingSettings(from, stream)) {
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
async function* withFittingSettings(from: Readable, stream: Stream): AsyncGenerator<Buffer> {
  const changes = stream.serverMajor < 17 || stream.searchPath !== undefined;
  let head: Buffer | undefined = changes ? Buffer.alloc(0) : undefined;
  for await (const piece of from as AsyncIterable<Buffer>) {
    if (head === undefined) {
      yield piece;
      continue;
    }
    head = Buffer.concat([head, piece]);
    if (head.length < HEAD_BYTES) continue;
    yield fitting(head, stream);
    head = undefined;
  }
  if (head !== undefined) yield fitting(head, stream);
}

/** The settings stand at the very beginning. */
const HEAD_BYTES = 4_096;

function fitting(head: Buffer, { serverMajor, searchPath }: Stream): Buffer {
  let text = head.toString('latin1');
  if (serverMajor < 17) text = text.replace(/^SET transaction_timeout = 0;$/m, '');
  if (searchPath !== undefined) {
    const wanted = Buffer.from(`SET search_path = ${searchPath};`, 'utf8').toString('latin1');
    text = text.replace(/^SELECT pg_catalog\.set_config\('search_path', '', false\);$/m, () => wanted);
  }
  return Buffer.from(text, 'latin1');
}
