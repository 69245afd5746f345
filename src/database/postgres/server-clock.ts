/** The server's clock, as far as it can be known from here: half of a round trip later than when it was read. */
export interface ServerClock {
  /** The server was asked for its time, in seconds, with nothing else to do. */
  asked(seconds: number, began: number, ended: number): void;
  /** The server's time arrived just now. */
  heard(seconds: number, now: number): void;
  /** The server's time, in seconds, when a message arrives that is sent now. */
  onArrival(now: number): number;
}

/** Times of this process are those of `performance.now()`, so that a change of its clock does not matter. */
export function serverClock(): ServerClock {
  let ahead = 0;
  let oneWay = 0;
  return {
    asked(seconds, began, ended) {
      oneWay = (ended - began) / 2_000;
      ahead = seconds + oneWay - ended / 1_000;
    },
    heard(seconds, now) {
      ahead = seconds + oneWay - now / 1_000;
    },
    onArrival: (now) => now / 1_000 + ahead + oneWay,
  };
}
