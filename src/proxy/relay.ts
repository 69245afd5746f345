/** One session: everything is passed on in both directions, with backpressure; statements are shown to a gate first. */
import type { Duplex } from 'node:stream';
import { Frames } from './frames.ts';
import { fatal, readError, type ServerMessage, statementIn, TERMINATE } from './messages.ts';

/** A statement before it is sent to the server. */
export interface Statement {
  sql: string;
  /** False: only the start of a statement that is longer than the proxy holds. */
  whole: boolean;
}

/** Why a statement must not be sent. */
export interface Refusal {
  /** SQLSTATE */
  code: string;
  message: string;
}

export interface RelayOptions {
  /** A refusal ends the session. Called once for each statement that is parsed, in order. */
  gate(statement: Statement): Refusal | undefined;
  /** An error of the server, with the statement that was sent last. */
  onError(error: ServerMessage, statement: string | undefined): void;
  /** How often a statement was executed: a prepared one may be executed many times. */
  onExecute(): void;
}

/** A longer statement is not held in memory: the gate sees its start. */
const MOST_HELD = 16 * 1024 * 1024;
/** Of a long statement, and of an error. */
const MOST_SHOWN = 8 * 1024;

/** Relays until both sides have ended. `early`: bytes of the client that were read too far. Never throws. */
export async function relay(
  client: Duplex,
  server: Duplex,
  early: Buffer,
  { gate, onError, onExecute }: RelayOptions,
): Promise<void> {
  let last: string | undefined;
  let refusal: Refusal | undefined;
  const toServer = new Frames({
    treatment: (type) => (type === 'Q' || type === 'P' ? 'hold' : 'pass'),
    mostHeld: MOST_HELD,
    mostShown: MOST_SHOWN,
    onMessage(type) {
      if (type === 'Q' || type === 'E') onExecute();
    },
  });
  const toClient = new Frames({
    treatment: (type) => (type === 'E' ? 'peek' : 'pass'),
    mostHeld: 0,
    mostShown: MOST_SHOWN,
    onMessage(_, shown) {
      if (shown !== undefined) onError(readError(shown), last);
    },
  });
  /** False if the server cannot take more for now. */
  const fromClient = (chunk: Buffer): boolean => {
    let free = true;
    for (const piece of toServer.feed(chunk)) {
      if (refusal !== undefined) return true;
      if (piece.kind !== 'bytes') {
        last = statementIn(piece.type, piece.bytes.subarray(5));
        refusal = gate({ sql: last, whole: piece.kind === 'message' });
        if (refusal !== undefined) {
          server.write(TERMINATE);
          return true;
        }
      }
      free = server.write(piece.bytes) && free;
    }
    return free;
  };
  const fromServer = (chunk: Buffer): boolean => {
    toClient.feed(chunk);
    return client.write(chunk);
  };
  const done = Promise.all([closed(client), closed(server)]);
  // A side that ends takes the other one along, after what was sent before.
  server.on('end', () => {
    if (refusal !== undefined && toClient.atBoundary) client.write(fatal(refusal));
    client.end();
  });
  server.on('close', () => client.end());
  client.on('end', () => server.end());
  client.on('close', () => server.destroy());
  const destroyBoth = () => {
    client.destroy();
    server.destroy();
  };
  client.on('error', destroyBoth);
  server.on('error', destroyBoth);
  const pump = (from: Duplex, to: Duplex, take: (chunk: Buffer) => boolean, first: Buffer) => {
    const handle = (chunk: Buffer) => {
      try {
        if (take(chunk)) return;
      } catch {
        return destroyBoth(); // It is not the protocol.
      }
      from.pause();
      to.once('drain', () => from.resume());
    };
    from.on('data', handle);
    if (first.length > 0) handle(first);
  };
  pump(client, server, fromClient, early);
  pump(server, client, fromServer, Buffer.alloc(0));
  client.resume();
  server.resume();
  await done;
}

function closed(stream: Duplex): Promise<void> {
  if (stream.closed || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => stream.once('close', () => resolve()));
}
