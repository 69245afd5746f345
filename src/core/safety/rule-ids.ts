import { OBSERVED_RULES } from './observed.ts';
import { RULES } from './rules.ts';

/** Every id that `ignore` may name. */
export function ruleIds(): string[] {
  return [...RULES, ...OBSERVED_RULES].map(({ id }) => id);
}
