export { count } from '../core/model/count.ts';

/** The first few of a list and how many more: `a, b, c and 4 more`. */
export function few(items: readonly string[], limit = 3): string {
  const rest = items.length - limit;
  return rest > 0 ? `${items.slice(0, limit).join(', ')} and ${rest} more` : items.join(', ');
}
