/** `1 migration`, `2,000 migrations`. Without `toLocaleString`, which loads its tables for longer than a small run takes. */
export function count(n: number, noun: string): string {
  return `${String(n).replace(/\B(?=(\d{3})+$)/g, ',')} ${noun}${n === 1 ? '' : 's'}`;
}
