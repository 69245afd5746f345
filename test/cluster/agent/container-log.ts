import { EventEmitter } from 'node:events';

export interface LogQuery {
  follow?: boolean;
  tailLines?: number;
  /** Only what came at or after this time (milliseconds). */
  since?: number;
  timestamps?: boolean;
  limitBytes?: number;
}

interface Line {
  at: number;
  text: string;
}

/** What a container has written to stdout and stderr, in order of arrival, as lines with their times. */
export class ContainerLog {
  readonly #lines: Line[] = [];
  #partial: Line | undefined;
  #closed = false;
  readonly #changes = new EventEmitter().setMaxListeners(0);

  append(chunk: string): void {
    const parts = chunk.split('\n');
    const rest = parts.pop() ?? '';
    for (const part of parts) {
      this.#lines.push({ at: this.#partial?.at ?? Date.now(), text: `${this.#partial?.text ?? ''}${part}\n` });
      this.#partial = undefined;
    }
    if (rest !== '') this.#partial = { at: this.#partial?.at ?? Date.now(), text: (this.#partial?.text ?? '') + rest };
    this.#changes.emit('change');
  }

  /** No more output follows: readers that follow get the end. */
  close(): void {
    if (this.#partial) this.#lines.push(this.#partial);
    this.#partial = undefined;
    this.#closed = true;
    this.#changes.emit('change');
  }

  get text(): string {
    return [...this.#lines, ...(this.#partial ? [this.#partial] : [])].map((line) => line.text).join('');
  }

  /** Forgets the text, as the log of a deleted pod is deleted with it. */
  discard(): void {
    this.#lines.length = 0;
    this.#partial = undefined;
    this.close();
  }

  /** The log as the kubelet's endpoint gives it; with `follow` until the container ends or the signal aborts. */
  async *read(query: LogQuery, signal: AbortSignal): AsyncGenerator<string> {
    let next = this.#start(query);
    let left = query.limitBytes ?? Number.POSITIVE_INFINITY;
    for (;;) {
      while (next < this.#lines.length) {
        const line = this.#lines[next++];
        if (!line || line.at < (query.since ?? 0)) continue;
        const text = query.timestamps ? `${new Date(line.at).toISOString()} ${line.text}` : line.text;
        const bytes = Buffer.from(text);
        yield bytes.subarray(0, left).toString();
        left -= bytes.length;
        if (left <= 0) return;
      }
      if (!query.follow) {
        if (this.#partial && query.tailLines !== 0) yield this.#partial.text;
        return;
      }
      if (this.#closed || signal.aborted) return;
      await new Promise<void>((resolve) => {
        const done = () => {
          this.#changes.off('change', done);
          signal.removeEventListener('abort', done);
          resolve();
        };
        this.#changes.once('change', done);
        signal.addEventListener('abort', done, { once: true });
      });
    }
  }

  #start({ tailLines }: LogQuery): number {
    return tailLines === undefined ? 0 : Math.max(0, this.#lines.length - tailLines);
  }
}
