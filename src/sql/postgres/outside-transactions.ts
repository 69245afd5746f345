/** PostgreSQL manual: "cannot be executed inside a transaction block" in the pages of these commands. */
export function runsOnlyOutside(words: readonly string[]): boolean {
  const [first, second] = words;
  if (first === 'VACUUM') return true;
  if (first === 'CREATE' || first === 'DROP') {
    if (second === 'DATABASE' || second === 'TABLESPACE') return true;
    return words.includes('INDEX') && words.includes('CONCURRENTLY');
  }
  if (first === 'REINDEX') return words.includes('CONCURRENTLY') || second === 'DATABASE' || second === 'SYSTEM';
  if (first === 'ALTER') return second === 'SYSTEM' || (second === 'DATABASE' && words.includes('TABLESPACE'));
  return false;
}
