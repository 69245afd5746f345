import { DOCUMENTATION } from '../model/documentation.ts';
import { distanceBetween } from '../model/edit-distance.ts';
import type { Problem } from '../model/problem.ts';

/** The unknown ids in `ignore`: each must be the id of a rule, because a misspelled id would have no effect. */
export function unknownIds(ignore: readonly string[], known: readonly string[]): Problem | undefined {
  const wrong = ignore.filter((id) => !known.includes(id));
  if (wrong.length === 0) return undefined;
  const sentences = wrong.map((id) => {
    const near = nearest(id, known);
    const guess = near.length === 0 ? '' : ` Did you mean ${near.join(' or ')}?`;
    return `safety.ignore contains "${id}", which does not match any rule.${guess}`;
  });
  return {
    reason: 'InvalidConfiguration',
    message: `${sentences.join(' ')} All rules: ${DOCUMENTATION}/reference/rules/README.md`,
  };
}

/** At most three ids that differ by a few letters or share most of their words, the nearest first. */
export function nearest(id: string, known: readonly string[]): string[] {
  const words = new Set(id.toLowerCase().split(/[-_ ]+/));
  return known
    .map((other) => {
      const shared = other.split('-').filter((word) => words.has(word)).length;
      return { other, shared, distance: distanceBetween(id.toLowerCase(), other) };
    })
    .filter(({ other, shared, distance }) => distance <= Math.max(2, other.length / 4) || shared >= 2)
    .sort((a, b) => a.distance - b.distance || b.shared - a.shared)
    .slice(0, 3)
    .map(({ other }) => other);
}
