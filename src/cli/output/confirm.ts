import { ProblemError } from '../../core/model/problem.ts';
import type { Io } from '../io.ts';

/** Asks before a destructive action. Without a terminal the action is refused unless it is forced. */
export async function confirm(io: Io, forced: boolean, question: string): Promise<void> {
  if (forced) return;
  if (!io.terminal) {
    throw new ProblemError({
      reason: 'Cancelled',
      message: `${question} Standard input is not a terminal, so it cannot be confirmed. Use --force to skip the confirmation.`,
    });
  }
  const { confirm: ask } = await import('@inquirer/prompts');
  if (await ask({ message: question, default: false })) return;
  throw new ProblemError({ reason: 'Cancelled', message: 'Cancelled; nothing was changed.' });
}
