const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The format of a duration in the resource and the configuration: `500ms`, `30s`, `1h30m`. */
export const DURATION_PATTERN = '^([0-9]+(ms|s|m|h|d))+$';

/** The reverse: `90000` is `1m30s`. */
export function durationText(ms: number): string {
  const parts: string[] = [];
  let left = ms;
  for (const [unit, size] of Object.entries(UNITS).reverse()) {
    if (left >= size) parts.push(`${Math.floor(left / size)}${unit}`);
    left %= size;
  }
  return parts.join('') || '0s';
}

/** Milliseconds of `1h30m`, `250ms`, `0s`; undefined if the text is not a duration. */
export function parseDuration(text: string): number | undefined {
  if (!new RegExp(DURATION_PATTERN).test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/([0-9]+)(ms|s|m|h|d)/g))
    total += Number(amount) * (UNITS[unit ?? ''] ?? 0);
  return total;
}
