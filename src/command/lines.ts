import { stripVTControlCharacters } from 'node:util';

/** Longest line that is passed on, in characters. */
const LONGEST_LINE = 2_000;

/**
 * Divides the output of a command into lines; a carriage return ends one too. Colours, cursor movements and other control
 * characters are removed: they would reach terminals, statuses and reports.
 */
export class LineReader {
  #rest = '';
  readonly #decoder = new TextDecoder();
  readonly #onLine: (line: string) => void;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Uint8Array): void {
    const parts = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split(/\r?\n|\r/);
    this.#rest = parts.pop() ?? '';
    for (const part of parts) this.#onLine(plain(part).slice(0, LONGEST_LINE));
    if (this.#rest.length > LONGEST_LINE * 10) this.finish();
  }

  /** The last line without an end. */
  finish(): void {
    if (this.#rest !== '') this.#onLine(plain(this.#rest).slice(0, LONGEST_LINE));
    this.#rest = '';
  }
}

function plain(line: string): string {
  return stripVTControlCharacters(line).replace(/[^\P{Cc}\t]/gu, '');
}
