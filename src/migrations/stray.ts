import { writeSync } from 'node:fs';

const running: { fail(error: unknown): void }[] = [];

/** Hands an error that nothing awaited to the migration whose code runs; false where none does. */
export function blameMigration(error: unknown): boolean {
  const last = running.at(-1);
  last?.fail(error);
  return last !== undefined;
}

/**
 * Runs a migration's code so that it also answers for what it does beside the promise that it returns: an error that
 * reaches `blameMigration` fails it, and a `process.exit(0)` in it does not look like success.
 */
export async function answerFor(name: string, code: () => Promise<void>): Promise<void> {
  const stray = Promise.withResolvers<never>();
  const entry = { fail: (error: unknown) => stray.reject(unawaited(error)) };
  const onExit = (exitCode: number) => {
    if (exitCode !== 0) return;
    process.exitCode = 1;
    writeSync(
      2,
      `error: MigrationFailed: ${name} called process.exit, which ended the whole run; the migration is not recorded, and its transaction is rolled back.\n  next: Take process.exit out of the migration: return when it is done, throw when it cannot be.\n`,
    );
  };
  running.push(entry);
  process.on('exit', onExit);
  try {
    await Promise.race([code(), stray.promise]);
  } finally {
    process.off('exit', onExit);
    running.splice(running.indexOf(entry), 1);
  }
}

function unawaited(error: unknown): Error {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const told = new Error(`${message} (nothing awaited this: await every promise, and every timer, before the end)`);
  return Object.assign(told, { name, stack });
}
