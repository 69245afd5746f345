/** Whether SQL text contains a name; a name inside a string does not count. */
export function mentions(sql: string, name: string): boolean {
  return pattern(name).test(sql.replace(/'(?:[^']|'')*'/g, "''"));
}

/** SQL text with one name replaced by another, as the database itself would rewrite it. */
export function renamed(sql: string, from: string, to: string, quote: (name: string) => string): string {
  const pieces = sql.split(/('(?:[^']|'')*')/);
  return pieces
    .map((piece, index) => (index % 2 === 1 ? piece : piece.replace(new RegExp(pattern(from), 'gi'), quote(to))))
    .join('');
}

function pattern(name: string): RegExp {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`"${escaped}"|\`${escaped}\`|\\[${escaped}\\]|(?<![\\w$"])${escaped}(?![\\w$"(])`, 'i');
}
