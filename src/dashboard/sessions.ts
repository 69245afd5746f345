import { createHash } from 'node:crypto';
import type { LiveResources } from './live.ts';

/** Streams of one caller, and of all callers together. */
const MOST_STREAMS = { each: 20, all: 200 };
/** How long the resources of a caller without a stream are kept: a page that is reloaded finds them. */
const KEPT_MS = 30_000;

interface Session {
  live: LiveResources;
  streams: number;
  timer?: NodeJS.Timeout;
}

/** The watched resources of each caller, shared by the tabs of that caller. */
export class Sessions {
  readonly #sessions = new Map<string, Session>();
  readonly #open: (token: string) => LiveResources;
  #streams = 0;

  constructor(open: (token: string) => LiveResources) {
    this.#open = open;
  }

  /** Undefined if the caller, or all together, have too many. `end` is called once. */
  enter(token: string): { live: LiveResources; end(): void } | undefined {
    const streams = this.#sessions.get(keyOf(token))?.streams ?? 0;
    if (streams >= MOST_STREAMS.each || this.#streams >= MOST_STREAMS.all) return undefined;
    const session = this.#session(token);
    clearTimeout(session.timer);
    session.streams++;
    this.#streams++;
    return {
      live: session.live,
      end: () => {
        session.streams--;
        this.#streams--;
        this.#leave(token, session);
      },
    };
  }

  /** The resources that the caller's stream has; undefined without a stream. */
  of(token: string): LiveResources | undefined {
    return this.#sessions.get(keyOf(token))?.live;
  }

  stop(): void {
    for (const { live, timer } of this.#sessions.values()) {
      clearTimeout(timer);
      live.stop();
    }
    this.#sessions.clear();
  }

  #session(token: string): Session {
    const key = keyOf(token);
    const known = this.#sessions.get(key);
    if (known !== undefined) return known;
    const live = this.#open(token);
    live.start();
    const session = { live, streams: 0 };
    this.#sessions.set(key, session);
    return session;
  }

  #leave(token: string, session: Session): void {
    if (session.streams > 0) return;
    clearTimeout(session.timer);
    session.timer = setTimeout(() => {
      session.live.stop();
      this.#sessions.delete(keyOf(token));
    }, KEPT_MS);
    session.timer.unref();
  }
}

/** Only a hash of the token is a key; the client of the API keeps the token itself. */
function keyOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
