export { count } from '../core/model/count.ts';

/** The first items of a list and the number of the others: `a, b, c and 4 more`. */
export function few(items: readonly string[], limit = 3): string {
  const rest = items.length - limit;
  return rest > 0 ? `${items.slice(0, limit).join(', ')} and ${rest} more` : items.join(', ');
}
