/** One SQL statement of a generated migration, with what its reviewer has to know. */
export interface GeneratedStatement {
  sql: string;
  /** Lines without comment marks. */
  comments: string[];
}

export const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;
export const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
export const columnList = (columns: readonly string[]) => `(${columns.map(quote).join(', ')})`;

/** Words of a clause, without the empty ones. */
export function words(...parts: (string | false | undefined)[]): string {
  return parts.filter((part) => part !== false && part !== undefined && part !== '').join(' ');
}

/** What an expression needs to stand where SQL wants one in parentheses. */
export function parenthesised(expression: string): string {
  const text = expression.trim();
  return isWrapped(text) ? text : `(${text})`;
}

function isWrapped(text: string): boolean {
  if (!text.startsWith('(') || !text.endsWith(')')) return false;
  let depth = 0;
  for (const [index, char] of [...text.replace(/'(?:[^']|'')*'/g, (one) => 'x'.repeat([...one].length))].entries()) {
    if (char === '(') depth += 1;
    if (char === ')') depth -= 1;
    if (depth === 0 && index < [...text].length - 1) return false;
  }
  return true;
}
