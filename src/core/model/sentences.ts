/**
 * Texts of several origins as one: each ends with a stop; a single text is not changed. Their first letters are not changed, because a text may begin with the
 * name of a file or of a database.
 */
export function joinSentences(...parts: readonly (string | undefined)[]): string {
  const given = parts.map((part) => part?.trim() ?? '').filter((part) => part !== '');
  if (given.length === 1) return given[0] ?? '';
  return given.map((part) => (/[.!?…]["')]?$/.test(part) ? part : `${part}.`)).join(' ');
}
