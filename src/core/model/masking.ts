/** The replacement of a secret. */
export const MASK = '***';

/** Shorter values would also match in ordinary words: they are masked only as separate words. */
const SHORT = 4;

/**
 * A function that masks secret values in a text: in plain form, and as JSON, SQL, a URL, base64 or a shell writes
 * them. One per process, created from the values of its Secrets. The time grows with the length of the text.
 */
export function masker(values: Iterable<string>): (text: string) => string {
  const forms = new Set([...values].flatMap(partsOf).flatMap(formsOf));
  const long = [...forms].filter((form) => form.length >= SHORT);
  const short = [...forms].filter((form) => form.length > 1 && form.length < SHORT);
  // The longest first: a value that contains another one is masked as a whole.
  const byLength = (a: string, b: string) => b.length - a.length;
  const all = [
    ...long.sort(byLength).map(escaped),
    ...short.sort(byLength).map((form) => `(?<![A-Za-z0-9_])${escaped(form)}(?![A-Za-z0-9_])`),
  ];
  const pattern = all.length === 0 ? undefined : new RegExp(all.join('|'), 'g');
  return (text) => maskPasswords(pattern === undefined ? text : text.replace(pattern, MASK));
}

/** A value, the password in it if it is a URL, and the lines of a key or a certificate. */
function partsOf(value: string): string[] {
  const trimmed = value.trim();
  const lines = trimmed.includes('\n') ? trimmed.split(/\r?\n/).filter((line) => line.length >= 16) : [];
  const at = trimmed.indexOf('://');
  if (at < 0 || lines.length > 0) return [trimmed, ...lines];
  const { start, end } = passwordAt(trimmed, at + 3, trimmed.length) ?? { start: 0, end: 0 };
  const password = trimmed.slice(start, end);
  return password === '' ? [trimmed] : [trimmed, password, decoded(password)];
}

function formsOf(value: string): string[] {
  if (value === '') return [];
  const bytes = Buffer.from(value);
  const base64 = bytes.toString('base64');
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    value.replaceAll("'", "''"),
    value.replaceAll("'", "'\\''"),
    value.replaceAll("'", "\\'"),
    encodeURIComponent(value.isWellFormed() ? value : ''),
    encodeURI(value.isWellFormed() ? value : ''),
    new URLSearchParams({ v: value }).toString().slice(2),
    ...(value.length < SHORT ? [] : [base64, base64.replace(/={1,2}$/, ''), bytes.toString('base64url')]),
    ...(value.length < SHORT * 2 ? [] : [bytes.toString('hex')]),
  ].filter((form) => form !== '');
}

/** `CREATE ROLE app PASSWORD 'word'`, `CREATE USER MAPPING … OPTIONS (password 'word')`. */
const SQL_PASSWORD = /\b(password\s{1,9})'[^']{1,1000}'/gi;

/**
 * A text without the passwords of SQL and of the URLs in it. Each word is read once, so the time grows linearly with the length.
 * In a URL that was truncated before its `@`, everything after the user is masked.
 */
export function maskPasswords(given: string, cut = false): string {
  const text = given.replace(SQL_PASSWORD, `$1'${MASK}'`);
  let at = text.indexOf('://');
  if (at < 0) return text;
  let result = '';
  let done = 0;
  while (at >= 0) {
    const end = endOfWord(text, at + 3);
    const password =
      passwordAt(text, at + 3, end) ?? (cut && end === text.length ? cutPassword(text, at + 3) : undefined);
    if (password !== undefined) {
      result += `${text.slice(done, password.start)}${MASK}`;
      done = password.end;
    }
    at = text.indexOf('://', end);
  }
  return result + text.slice(done);
}

/** `user:password@` at the start of the text after `://`; the last `@` ends it, because a password may contain one. */
function passwordAt(text: string, from: number, end: number): { start: number; end: number } | undefined {
  const start = afterUser(text, from, end);
  if (start === undefined) return undefined;
  const at = text.lastIndexOf('@', end - 1);
  return at >= start ? { start, end: at } : undefined;
}

function cutPassword(text: string, from: number): { start: number; end: number } | undefined {
  const start = afterUser(text, from, text.length);
  return start === undefined ? undefined : { start, end: text.length };
}

/** Start of the password; undefined without a user and a colon. */
function afterUser(text: string, from: number, end: number): number | undefined {
  for (let index = from; index < end; index += 1) {
    const character = text[index];
    if (character === ':') return index + 1;
    if (character === '/' || character === '@') return undefined;
  }
  return undefined;
}

function endOfWord(text: string, from: number): number {
  const space = /\s/g;
  space.lastIndex = from;
  return space.exec(text)?.index ?? text.length;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}

/** All strings in a JSON value, each with its key. */
export function mapTexts<T>(value: T, change: (text: string, key: string) => string): T {
  return mapped(value, '', change) as T;
}

function mapped(value: unknown, key: string, change: (text: string, key: string) => string): unknown {
  if (typeof value === 'string') return change(value, key);
  if (Array.isArray(value)) return value.map((item) => mapped(item, key, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mapped(item, name, change)]));
}
