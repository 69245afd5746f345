/** Many statements in one round trip (PostgreSQL manual, 55.2.4): the next one is sent before the answer to the one before. */
import type { Duplex } from 'node:stream';
import type { Connection } from 'pg';
import type { Client } from './driver.ts';

/** What one round trip has done. */
interface Pipelined {
  /** The command tags of the statements that succeeded, from the first: `INSERT 0 1`. */
  tags: readonly string[];
  /** The last row that was received, as text. */
  row?: readonly (string | null)[];
  /** The error of the statement after those, or of the connection. */
  error?: unknown;
}

/**
 * Messages that execute these statements, in the extended protocol. The server sees the text of each statement alone, so
 * that positions in errors and `current_query()` are those of the statement. A statement must not have parameters, nor be
 * `COPY … FROM STDIN`.
 */
export function messagesOf(...statements: readonly string[]): Buffer {
  return Buffer.concat(statements.flatMap((text) => [parse(text), BIND_AND_EXECUTE]));
}

/** The server sends the answers so far. Without it they may stay in its buffer until the end. */
export const FLUSH = Buffer.from([0x48, 0, 0, 0, 4]);

/**
 * Sends such messages and a single Sync after them: after an error the server skips all statements that follow. Rows are not
 * kept. `onDone` is called when a statement has succeeded, with its index, as soon as the server has sent that.
 */
export function pipeline(client: Client, messages: Buffer, onDone?: (index: number) => void): Promise<Pipelined> {
  return new Promise((resolve) => {
    client.query(new Pipeline(messages, onDone, resolve));
  });
}

const SYNC = Buffer.from([0x53, 0, 0, 0, 4]);
/** The unnamed statement into the unnamed portal, without parameters, results as text; all rows of it. */
const BIND_AND_EXECUTE = Buffer.from([
  ...[0x42, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0],
  ...[0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0],
]);

/** The unnamed statement, without types of parameters. */
function parse(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const message = Buffer.alloc(length + 9);
  message[0] = 0x50;
  message.writeInt32BE(length + 8, 1);
  message.write(text, 6);
  return message;
}

/** What node-postgres calls a query (`Submittable`): it calls these methods with the answers of the server. */
class Pipeline {
  readonly #messages: Buffer;
  readonly #onDone: ((index: number) => void) | undefined;
  readonly #resolve: (result: Pipelined) => void;
  readonly #tags: string[] = [];
  #row: readonly (string | null)[] | undefined;

  constructor(messages: Buffer, onDone: ((index: number) => void) | undefined, resolve: (result: Pipelined) => void) {
    this.#messages = messages;
    this.#onDone = onDone;
    this.#resolve = resolve;
  }

  submit(connection: Connection): void {
    streamOf(connection).write(Buffer.concat([this.#messages, SYNC]));
  }

  handleRowDescription(): void {}

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    this.#row = fields;
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.#tags.push(text);
    this.#onDone?.(this.#tags.length - 1);
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: '' });
  }

  handleError(error: unknown): void {
    this.#resolve({ tags: this.#tags, error });
  }

  handleReadyForQuery(): void {
    this.#resolve({ tags: this.#tags, row: this.#row });
  }

  handleCopyData(): void {}
}

/** Its types describe it as it was in an old version. */
function streamOf(connection: Connection): Duplex {
  return connection.stream;
}

/** More than this takes its time anyway; in statements and in characters. */
const MOST = { statements: 1_000, characters: 1024 * 1024 };

/** A string with a backslash ends where the server's settings say; what looks like a parameter may become one. */
const OTHERWISE = /\\|\$\d|\0|\bstdin\b/i;

/** Whether statements of an author are certain to do the same in a pipeline as each alone in a simple query. */
export function mayBePipelined(statements: readonly { sql: string }[]): boolean {
  if (statements.length > MOST.statements) return false;
  let characters = 0;
  for (const { sql } of statements) {
    characters += sql.length;
    if (characters > MOST.characters || OTHERWISE.test(sql)) return false;
  }
  return true;
}

/** The text was several statements, where the splitter saw one. A syntax error has the same code, and a position. */
export function isOfSeveral(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && error.code === '42601' && !('position' in error && error.position)
  );
}
