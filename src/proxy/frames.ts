/** Splits one direction of PostgreSQL's protocol into messages, without copying those that are only passed on. */

/** One byte for the type and four for the length, which counts itself. */
const HEADER = 5;

/** What to do with messages of a type. `hold`: pass them on whole. `peek`: pass them on, and show the first bytes. */
export type Treatment = 'pass' | 'hold' | 'peek';

/** A piece of the stream, in order; together they are the stream. */
export type FramePiece =
  | { kind: 'bytes'; bytes: Buffer }
  /** A message that was held: header and body. */
  | { kind: 'message'; type: string; bytes: Buffer }
  /** The start of a message that is too long to be held; the rest follows as `bytes`. */
  | { kind: 'long'; type: string; bytes: Buffer };

interface FramesOptions {
  treatment(type: string): Treatment;
  /** Bytes of a message that is held; a longer one is not held. */
  mostHeld: number;
  /** Bytes that are shown of a message with `peek`. */
  mostShown: number;
  /** Called at the end of each message; `shown` is the start of its body where it is to be seen. */
  onMessage?(type: string, shown: Buffer | undefined): void;
}

/** Throws in `feed` if the stream is not the protocol: a length below four. */
export class Frames {
  readonly #options: FramesOptions;
  /** A header of which not all bytes have arrived, or a message that is held. */
  #kept: Buffer[] = [];
  #keptBytes = 0;
  /** Bytes of the current message that are still to come; 0 between two messages. */
  #rest = 0;
  #type = '';
  #treatment: Treatment = 'pass';
  #tooLong = false;
  #shown: Buffer[] = [];
  #shownBytes = 0;

  constructor(options: FramesOptions) {
    this.#options = options;
  }

  /** True if the bytes so far end with a whole message. */
  get atBoundary(): boolean {
    return this.#rest === 0 && this.#keptBytes === 0;
  }

  feed(chunk: Buffer): FramePiece[] {
    const pieces: FramePiece[] = [];
    /** Start of the bytes of this chunk that are passed on as they are. */
    let from = 0;
    let at = 0;
    const pass = (to: number) => {
      if (to > from) pieces.push({ kind: 'bytes', bytes: chunk.subarray(from, to) });
      from = to;
    };
    while (at < chunk.length) {
      if (this.#rest === 0) {
        const header = this.#header(chunk, at);
        if (header === undefined) {
          // Passed on with the rest of the header.
          pass(at);
          this.#keep(chunk.subarray(at));
          return pieces;
        }
        const { used, bytes } = header;
        this.#begin(bytes);
        const split = this.#keptBytes > 0;
        if (this.#treatment === 'hold') {
          pass(at);
          this.#drop();
          this.#keep(bytes);
          from = at + used;
          this.#tooLong = this.#rest + HEADER > this.#options.mostHeld;
        } else if (split) {
          pieces.push({ kind: 'bytes', bytes });
          this.#drop();
          from = at + used;
        }
        at += used;
        if (this.#rest === 0) this.#end(pieces);
        continue;
      }
      const holds = this.#treatment === 'hold';
      const wanted = holds && this.#tooLong ? HEADER + this.#options.mostShown - this.#keptBytes : this.#rest;
      const take = Math.min(wanted, chunk.length - at);
      this.#body(chunk.subarray(at, at + take));
      this.#rest -= take;
      at += take;
      if (holds) from = at;
      if (holds && this.#tooLong && this.#keptBytes >= HEADER + this.#options.mostShown) this.#long(pieces);
      if (this.#rest === 0) this.#end(pieces);
    }
    pass(at);
    return pieces;
  }

  /** The header that begins at `at`, of which a part may have been kept. Undefined if it is not complete. */
  #header(chunk: Buffer, at: number): { used: number; bytes: Buffer } | undefined {
    const used = HEADER - this.#keptBytes;
    if (chunk.length - at < used) return undefined;
    const here = chunk.subarray(at, at + used);
    return { used, bytes: this.#keptBytes === 0 ? here : Buffer.concat([...this.#kept, here]) };
  }

  #begin(header: Buffer): void {
    const length = header.readUInt32BE(1);
    if (length < 4) throw new Error(`a message has the length ${length}`);
    this.#type = String.fromCharCode(header[0] ?? 0);
    this.#rest = length - 4;
    this.#treatment = this.#options.treatment(this.#type);
    this.#shown = [];
    this.#shownBytes = 0;
  }

  #long(pieces: FramePiece[]): void {
    const start = Buffer.concat(this.#kept);
    pieces.push({ kind: 'long', type: this.#type, bytes: start });
    this.#drop();
    this.#shown = [start.subarray(HEADER)];
    this.#shownBytes = this.#options.mostShown;
    this.#treatment = 'peek';
  }

  #body(bytes: Buffer): void {
    if (this.#treatment === 'hold') this.#keep(bytes);
    const missing = this.#options.mostShown - this.#shownBytes;
    if (this.#treatment === 'peek' && missing > 0) {
      const part = Buffer.from(bytes.subarray(0, missing));
      this.#shown.push(part);
      this.#shownBytes += part.length;
    }
  }

  #end(pieces: FramePiece[]): void {
    const held = this.#treatment === 'hold' ? Buffer.concat(this.#kept) : undefined;
    if (held !== undefined) pieces.push({ kind: 'message', type: this.#type, bytes: held });
    this.#drop();
    this.#options.onMessage?.(
      this.#type,
      this.#treatment === 'peek' ? Buffer.concat(this.#shown) : held?.subarray(HEADER),
    );
  }

  /** A copy: the chunk belongs to the socket. */
  #keep(bytes: Buffer): void {
    this.#kept.push(Buffer.from(bytes));
    this.#keptBytes += bytes.length;
  }

  #drop(): void {
    this.#kept = [];
    this.#keptBytes = 0;
  }
}
