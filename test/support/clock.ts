/** A clock that only advances when a test advances it. */
export interface TestClock {
  now(): number;
  after(ms: number, call: () => void): () => void;
  inNextTurn(call: () => void): void;
  random(): number;
  sleep(ms: number): Promise<void>;
  /** Lets the time pass: timers fire in their order, and what they start runs before the next. */
  pass(ms: number): Promise<void>;
}

/** `chance` is the value that `random` always returns. */
export function testClock(chance = 0.5): TestClock {
  let now = 0;
  let timers: { due: number; call: () => void }[] = [];
  // Longer than any chain of promises that a timer starts.
  const settle = async () => {
    for (let turn = 0; turn < 20; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
  };
  const clock: TestClock = {
    now: () => now,
    random: () => chance,
    inNextTurn: (call) => void setImmediate(call),
    after(ms, call) {
      const timer = { due: now + ms, call };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    sleep: (ms) => new Promise((resolve) => clock.after(ms, resolve)),
    async pass(ms) {
      const end = now + ms;
      for (;;) {
        await settle();
        const next = timers.toSorted((a, b) => a.due - b.due)[0];
        if (next === undefined || next.due > end) break;
        now = next.due;
        timers = timers.filter((other) => other !== next);
        next.call();
      }
      now = end;
    },
  };
  return clock;
}
