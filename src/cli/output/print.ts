import type { Io } from '../io.ts';

/** Prints a result as text, or with `--json` as the one document. */
export function print<T>(io: Io, { json }: { json?: boolean }, result: T, render: (result: T) => string): void {
  io.out(json === true ? JSON.stringify(result, null, 2) : render(result));
}
