import { OBSERVED_RULES } from './observed.ts';
import { REPOSITORY_RULES } from './repository.ts';
import { RULES } from './rules.ts';

/** Every id that `ignore` may name. */
export function ruleIds(): string[] {
  return [...RULES, ...REPOSITORY_RULES, ...OBSERVED_RULES].map(({ id }) => id);
}
