const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes for people: `812 B`, `14.2 MB` (powers of ten, as for disk sizes and in `df -H`). */
export function bytesText(bytes: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${UNITS[power]}`;
}
