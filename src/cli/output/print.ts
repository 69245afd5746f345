import type { Io } from '../io.ts';

/** A result for a person, or with `--json` as the one document that is printed. */
export function print<T>(io: Io, { json }: { json?: boolean }, result: T, render: (result: T) => string): void {
  io.out(json === true ? JSON.stringify(result, null, 2) : render(result));
}
