/** `1 migration`, `2,000 migrations`. Without `toLocaleString`, because loading its tables takes longer than a small run. */
export function count(n: number, noun: string): string {
  return `${String(n).replace(/\B(?=(\d{3})+$)/g, ',')} ${noun}${n === 1 ? '' : 's'}`;
}
