import { ProblemError } from '../../core/model/problem.ts';
import type { Io } from '../io.ts';

/** Asks before what cannot be undone. Without a terminal there is nobody to ask, so it is refused unless forced. */
export async function confirm(io: Io, forced: boolean, question: string): Promise<void> {
  if (forced) return;
  if (!io.terminal) {
    throw new ProblemError({
      reason: 'Cancelled',
      message: `${question} There is no terminal to ask on; say --force if that is what you want.`,
    });
  }
  const { confirm: ask } = await import('@inquirer/prompts');
  if (await ask({ message: question, default: false })) return;
  throw new ProblemError({ reason: 'Cancelled', message: 'Nothing was done.' });
}
