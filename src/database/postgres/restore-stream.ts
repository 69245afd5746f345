import { randomUUID } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import type { RunQuery } from './catalogue/read.ts';
import type { Clients } from './dump-clients.ts';
import { type Ended, type Program, startProgram } from './dump-program.ts';

/** pg_restore with several jobs disables the trigger of a partition before it has created it; one job does not. */
export const OUT_OF_ORDER = /trigger .* for table .* does not exist/;

export interface Stream {
  clients: Clients;
  /** Of psql: the database to write to. */
  env: NodeJS.ProcessEnv;
  serverMajor: number;
  /** Replaces the empty one that pg_dump sets: functions may read tables without naming their schema. */
  searchPath?: string;
  /** Runs first. */
  begin: string;
  /** The program whose standard output is the SQL in between. */
  source: Program;
  /** SQL that follows, and another program. Not started before: what a program writes that nothing reads is lost when it ends. */
  following?: { sql: string; start(): Program };
  /**
   * Runs when the source has reported that it wrote everything, in the same transaction; the commit is sent when it has
   * returned, and not if it throws.
   */
  finish(run: RunQuery): Promise<void>;
  onBytes(bytes: number): void;
  signal?: AbortSignal;
}

/** Undefined on success; otherwise the message of the program that failed first. */
export async function streamToPsql(stream: Stream): Promise<string | undefined> {
  const { signal } = stream;
  const args = ['--no-psqlrc', '--quiet', '--no-password', '--tuples-only', '--no-align', '--set=ON_ERROR_STOP=1'];
  const psql = startProgram(stream.clients, 'psql', args, { env: stream.env, stdin: 'pipe', stdout: 'pipe', signal });
  const into = psql.child.stdin;
  const out = psql.child.stdout;
  if (!into || !out) throw new Error('the programs have no pipes');
  // If psql has ended, its own message gives the cause; the broken pipe is only a consequence.
  into.on('error', () => {});
  let { source } = stream;
  psql.ended.then(() => source.child.kill('SIGTERM')).catch(() => {});

  const answers = answersOf(into, out);
  into.write(SESSION);
  into.write(stream.begin);
  let written = await pour(source, into, stream);
  if (written.ok && stream.following !== undefined && into.writable) {
    into.write(stream.following.sql);
    source = stream.following.start();
    written = await pour(source, into, stream);
  }
  // Without the commit the server rolls back, even if this process has died.
  let whole = written.ok && !signal?.aborted;
  let refusal: unknown;
  if (whole) {
    await stream.finish(answers).catch((error: unknown) => {
      whole = false;
      // psql's own message about its end is more precise.
      if (!(error instanceof NoAnswer)) refusal = error;
    });
  }
  if (whole) into.end('\nCOMMIT;\n');
  else into.destroy();
  const applied = await psql.ended;
  if (refusal !== undefined) throw refusal;
  if (!applied.ok && applied.stderr !== '') return applied.stderr;
  if (!written.ok) return written.stderr;
  return applied.ok && whole ? undefined : 'stopped before its commit';
}

async function pour({ child, ended }: Program, into: Writable, stream: Stream): Promise<Ended> {
  if (!child.stdout) throw new Error('the program has no pipe');
  for await (const piece of withoutCommit(withOurSettings(child.stdout, stream))) {
    stream.onBytes(piece.length);
    if (!into.writable) break;
    if (!into.write(piece)) await drained(into);
  }
  return ended;
}

/** Limits of the role or the database that would end a restore, before its transaction begins. */
const SESSION = `SET statement_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET default_transaction_read_only = off;
`;
/** psql ended while its answer was awaited. */
class NoAnswer extends Error {}

/** Asks psql, whose output so far is of no interest, and reads lines until a mark that only this question has. */
function answersOf(into: Writable, out: Readable): RunQuery {
  let text = '';
  let ended = false;
  let look = () => {};
  out.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
    look();
  });
  out.on('close', () => {
    ended = true;
    look();
  });
  return (sql) => {
    const mark = `db-manager-${randomUUID()}`;
    return new Promise((resolve, reject) => {
      look = () => {
        const at = text.indexOf(`${mark}b\n`);
        if (at < 0) return ended ? reject(new NoAnswer()) : undefined;
        const start = text.indexOf(`${mark}a\n`) + mark.length + 2;
        const lines = text.slice(start, at).split('\n').slice(0, -1);
        text = text.slice(at + mark.length + 2);
        look = () => {};
        resolve(lines);
      };
      into.write(`\n\\echo ${mark}a\n${sql.trim().replace(/;$/, '')};\n\\echo ${mark}b\n`);
      look();
    });
  };
}

/** Resolves also when the other side has closed; `writable` is then false. */
function drained(into: Writable): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      into.off('drain', go).off('close', go);
      resolve();
    };
    into.on('drain', go).on('close', go);
  });
}

/**
 * A newer pg_dump sets parameters that an older server does not have: `transaction_timeout` was added in PostgreSQL 17.
 */
async function* withOurSettings(from: Readable, { serverMajor, searchPath }: Stream): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = serverMajor < 17 || searchPath !== undefined ? Buffer.alloc(0) : undefined;
  for await (const piece of from as AsyncIterable<Buffer>) {
    if (head === undefined) {
      yield piece;
      continue;
    }
    head = Buffer.concat([head, piece]);
    if (head.length < HEAD_BYTES) continue;
    yield cleaned(head, serverMajor, searchPath);
    head = undefined;
  }
  if (head !== undefined) yield cleaned(head, serverMajor, searchPath);
}

/**
 * `--single-transaction` ends its script with COMMIT; our COMMIT is sent later. Without that option pg_restore would
 * commit after the large objects. Only comments follow it, so a row that reads `COMMIT;` is not taken for it.
 */
async function* withoutCommit(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let tail = Buffer.alloc(0);
  for await (const piece of pieces) {
    tail = Buffer.concat([tail, piece]);
    if (tail.length <= TAIL_BYTES) continue;
    yield tail.subarray(0, tail.length - TAIL_BYTES);
    tail = Buffer.from(tail.subarray(tail.length - TAIL_BYTES));
  }
  const text = tail.toString('latin1').replace(/^COMMIT;\n((?:--[^\n]*\n|\\unrestrict [^\n]*\n|\s)*)(?![\s\S])/m, '$1');
  yield Buffer.from(text, 'latin1');
}

const TAIL_BYTES = 4_096;

/** The settings are at the very beginning. */
const HEAD_BYTES = 4_096;

function cleaned(head: Buffer, serverMajor: number, searchPath: string | undefined): Buffer {
  let text = head.toString('latin1');
  if (serverMajor < 17) text = text.replace(/^SET transaction_timeout = 0;$/m, '');
  if (searchPath !== undefined) {
    const path = Buffer.from(searchPath.replaceAll("'", "''")).toString('latin1');
    text = text.replace("set_config('search_path', '', false)", () => `set_config('search_path', '${path}', false)`);
  }
  return Buffer.from(text, 'latin1');
}
