import { ProblemError } from '../../core/model/problem.ts';
import type { Io } from '../io.ts';

/** Asks before a destructive action. Without a terminal the action is refused unless `option` was given. */
export async function confirm(io: Io, forced: boolean, question: string, option = '--force'): Promise<void> {
  if (forced) return;
  if (!io.terminal) {
    throw new ProblemError({
      reason: 'Cancelled',
      message: `${question} The question was not asked, because this is not an interactive terminal. Use ${option} to skip the confirmation.`,
    });
  }
  const { confirm: ask } = await import('@inquirer/prompts');
  if (await ask({ message: question, default: false })) return;
  throw new ProblemError({ reason: 'Cancelled', message: 'Cancelled; nothing was changed.' });
}
