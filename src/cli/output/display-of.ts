import { displayTarget } from '../../core/model/database-url.ts';
import { type Options, settingsOf } from '../../library/settings.ts';

/** The database of these options, as questions name it. Throws ProblemError as the command itself would. */
export async function displayOf(options: Options): Promise<string> {
  return displayTarget((await settingsOf(options)).target);
}
