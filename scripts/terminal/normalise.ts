/**
 * The session says the same whenever and wherever it is played: times, names with times, hashes, places and versions
 * become examples of the same length where a table holds them.
 */
export function normalise(screen: string, folder: string, url: string): string {
  const place = url.includes('@') ? url.slice(url.lastIndexOf('@') + 1) : '';
  const numbered = new Map<string, string>();
  const inOrder = (found: string, make: (number: number) => string) => {
    if (!numbered.has(found)) numbered.set(found, make(numbered.size + 1));
    return numbered.get(found) ?? found;
  };
  let text = screen.replaceAll(folder, '/home/you/shop');
  if (place !== '') text = text.replaceAll(place, 'db:5432/shop');
  const two = (number: number) => String(number).padStart(2, '0');
  return text
    .replace(/\b20\d{12}(?=_)/g, (found) => inOrder(found, (number) => `202401${two(number)}120000`))
    .replace(/\bbackup_\d{8}_\d{6}\b/g, (found) => inOrder(found, (number) => `backup_202402${two(number)}_080000`))
    .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '2024-02-01T08:00:00.000Z')
    .replace(/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b/g, '2024-02-01 08:00:00')
    .replace(/sha256(:| )[0-9a-f]{12,64}/g, 'sha256$10123456789ab…')
    .replace(/ \(\d+\.\d+ s\)/g, ' (0.01 s)')
    .replace(/^([✓–■✗] .*?) \d+\.\d s$/gm, '$1')
    .replace(/\b[\d.]+ [kMGT]?B free/g, '68.0 GB free')
    .replace(/\b[\d.]+ (?:MB|GB|TB) free/g, '68.0 GB free')
    .replace(/^(connections +passed +)\d+/gm, '$1190')
    .replace(/\b\d\.\d kB\b/g, '5.6 kB')
    .replace(/ \((?:Debian|Ubuntu) [^()]*\)/g, '')
    .replace(/\b\w+_before_restore_\d{8}_\d{6}\b/g, 'shop_before_restore_20240206_080000')
    .replace(/ \([\d.]+ MB\)$/gm, ' (7.8 MB)')
    .replace(/\b(pg_dump|postgres) \(PostgreSQL\) \d+(?:\.\d+)+/g, '$1 (PostgreSQL) 17.6')
    .replace(/\b(SQLite|PostgreSQL) \d+(?:\.\d+)+/g, (_, name) => `${name} ${name === 'SQLite' ? '3.52.0' : '17.6'}`);
}
