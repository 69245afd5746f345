/** `1 migration`, `2,000 migrations`. Without `toLocaleString`, which loads its tables for longer than a small run takes. */
export function count(n: number, noun: string): string {
  return `${String(n).replace(/\B(?=(\d{3})+$)/g, ',')} ${noun}${n === 1 ? '' : 's'}`;
}

/** The first few of a list and how many more: `a, b, c and 4 more`. */
export function few(items: readonly string[], limit = 3): string {
  const rest = items.length - limit;
  return rest > 0 ? `${items.slice(0, limit).join(', ')} and ${rest} more` : items.join(', ');
}
