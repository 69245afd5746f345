/** One session: everything is passed on in both directions, with backpressure; statements are shown to a gate first. */
import type { Duplex } from 'node:stream';
import { type FramePiece, Frames } from './frames.ts';
import { fatal, readError, type ServerMessage, statementIn, TERMINATE } from './messages.ts';

/** A statement before it is sent to the server. */
export interface RelayedStatement {
  sql: string;
  /** False: only the start of a statement that is longer than the proxy holds. */
  whole: boolean;
}

/** Why a statement must not be sent. */
export interface StatementRefusal {
  /** SQLSTATE */
  code: string;
  message: string;
}

/** Sees what one session does. Nothing in it may throw. */
export interface SessionObserver {
  /** Once for each statement that is parsed, in order, before it is sent. A refusal ends the session. */
  onStatement(statement: RelayedStatement): StatementRefusal | undefined | Promise<StatementRefusal | undefined>;
  /** An error of the server, with the statement that was sent last. */
  onError?(error: ServerMessage, statement: string | undefined): void;
  /** A transaction has ended, one of a single statement too. */
  onTransaction?(committed: boolean): void;
}

interface RelayOptions extends SessionObserver {
  /** How often a statement was executed: a prepared one may be executed many times. */
  onExecute(): void;
}

/** A longer statement is not held in memory: the gate sees its start. */
const MOST_HELD = 16 * 1024 * 1024;
/** Of a long statement, and of an error. */
const MOST_SHOWN = 8 * 1024;

/** Relays until both sides have ended. `early`: bytes of the client that were read too far. Never throws. */
export async function relay(client: Duplex, server: Duplex, early: Buffer, options: RelayOptions): Promise<void> {
  let last: string | undefined;
  let refusal: StatementRefusal | undefined;
  const toServer = new Frames({
    treatment: (type) => (type === 'Q' || type === 'P' || type === 'F' ? 'hold' : 'pass'),
    mostHeld: MOST_HELD,
    mostShown: MOST_SHOWN,
    onMessage(type) {
      if (type === 'Q' || type === 'E' || type === 'F') options.onExecute();
    },
  });
  const ending = transactionEnds((committed) => options.onTransaction?.(committed));
  const toClient = new Frames({
    treatment: (type) => (type === 'E' || type === 'C' || type === 'Z' ? 'peek' : 'pass'),
    mostHeld: 0,
    mostShown: MOST_SHOWN,
    onMessage(type, shown) {
      if (shown === undefined) return;
      ending(type, shown);
      if (type === 'E') options.onError?.(readError(shown), last);
    },
  });
  /** Sends the pieces in order; false if the server cannot take more for now. */
  const send = async (pieces: readonly FramePiece[]): Promise<boolean> => {
    let free = true;
    for (const piece of pieces) {
      if (refusal !== undefined) return true;
      if (piece.kind !== 'bytes') {
        last = statementIn(piece.type, piece.bytes.subarray(5));
        refusal = await options.onStatement({ sql: last, whole: piece.kind === 'message' });
        if (refusal !== undefined) {
          server.write(TERMINATE);
          return true;
        }
      }
      free = server.write(piece.bytes) && free;
    }
    return free;
  };
  const fromClient = (chunk: Buffer): boolean | Promise<boolean> => {
    const pieces = toServer.feed(chunk);
    if (refusal !== undefined || pieces.some(({ kind }) => kind !== 'bytes')) return send(pieces);
    return pieces.map(({ bytes }) => server.write(bytes)).every(Boolean);
  };
  const fromServer = (chunk: Buffer): boolean => {
    toClient.feed(chunk);
    return client.write(chunk);
  };
  const done = Promise.all([closed(client), closed(server)]);
  const destroyBoth = () => {
    client.destroy();
    server.destroy();
  };
  // If one side ends, the other is closed too, after all earlier data was sent.
  server.on('end', () => {
    if (refusal !== undefined && toClient.atBoundary) client.write(fatal(refusal));
    client.end();
  });
  server.on('close', () => client.end());
  client.on('close', () => server.destroy());
  client.on('error', destroyBoth);
  server.on('error', destroyBoth);
  const ended = pump(client, server, fromClient, destroyBoth, early);
  pump(server, client, fromServer, destroyBoth);
  client.on('end', () => void ended().then(() => server.end()));
  client.resume();
  server.resume();
  await done;
}

/** Passes chunks on, one after the other. Returns a function that waits until those that have arrived are passed on. */
function pump(
  from: Duplex,
  to: Duplex,
  take: (chunk: Buffer) => boolean | Promise<boolean>,
  onFailure: () => void,
  first: Buffer = Buffer.alloc(0),
): () => Promise<void> {
  let waiting: Promise<void> = Promise.resolve();
  const whenFree = (free: boolean) => {
    if (free) return;
    from.pause();
    to.once('drain', () => from.resume());
  };
  let busy = 0;
  const handle = (chunk: Buffer) => {
    try {
      const result = busy > 0 ? waiting.then(() => take(chunk)) : take(chunk);
      if (typeof result === 'boolean') return whenFree(result);
      busy += 1;
      from.pause();
      waiting = result.then((free) => {
        busy -= 1;
        if (busy > 0) return;
        from.resume();
        whenFree(free);
      }, onFailure);
    } catch {
      onFailure(); // It is not the protocol.
    }
  };
  from.on('data', handle);
  if (first.length > 0) handle(first);
  return () => waiting;
}

/** Reads from the answers of the server how each transaction ended. */
function transactionEnds(onEnd: (committed: boolean) => void): (type: string, shown: Buffer) => void {
  let failed = false;
  let command = '';
  return (type, shown) => {
    if (type === 'E') failed = true;
    if (type === 'C') command = shown.toString('utf8').split('\0', 1)[0] ?? '';
    if (type !== 'Z' || shown.toString() !== 'I') return;
    // A failed transaction is ended by COMMIT with the answer ROLLBACK; after a savepoint it may still commit.
    onEnd(command === 'COMMIT' || (!failed && command !== 'ROLLBACK'));
    failed = false;
    command = '';
  };
}

function closed(stream: Duplex): Promise<void> {
  if (stream.closed || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => stream.once('close', () => resolve()));
}
