import { byComma, closing, type SqlToken, significantTokens } from '../../../sql/significant.ts';

/**
 * Changes a CREATE TABLE in its own text, so that everything else stays as its author wrote it, including
 * comments. Each item of the list (a column or a constraint) owns the text around it: comments on its own line after
 * it, also after its comma, and comments on separate lines before it.
 */
export interface Splice {
  start: number;
  end: number;
  text: string;
}

/** Applies splices that do not overlap; those at the same position stay in their order. */
export function splice(sql: string, splices: readonly Splice[]): string {
  let at = 0;
  let done = '';
  for (const { start, end, text } of [...splices].sort((a, b) => a.start - b.start)) {
    done += sql.slice(at, Math.max(at, start)) + text;
    at = Math.max(at, end);
  }
  return done + sql.slice(at);
}

interface Item {
  start: number;
  end: number;
  /** Position of its comma; absent for the last one. */
  comma?: number;
  /** All text that it owns. */
  from: number;
  to: number;
}

const BEHIND = /(?:[ \t\r]|--[^\n]*(?=\n)|\/\*(?:(?!\*\/)[\s\S])*\*\/)*(?=\n)/y;
const BEHIND_LAST = /(?:[ \t\r]|--[^\n]*(?=\n)|\/\*(?:(?!\*\/)[\s\S])*\*\/)*(?=[\n)])/y;

function itemsOf(sql: string): Item[] {
  const tokens = significantTokens(sql, 'sqlite');
  const open = tokens.findIndex(({ key }) => key === '(');
  const close = closing(tokens, open);
  const pieces = byComma(tokens.slice(open + 1, close));
  let from = tail(sql, tokens[open]?.end ?? 0, BEHIND);
  return pieces.map((piece, index) => {
    const [first, last] = [piece[0], piece.at(-1)] as [SqlToken, SqlToken];
    const comma = index < pieces.length - 1 ? tokens[tokens.indexOf(last) + 1]?.start : undefined;
    const to = comma === undefined ? tail(sql, last.end, BEHIND_LAST) : tail(sql, comma + 1, BEHIND);
    const item = { start: first.start, end: last.end, ...(comma === undefined ? {} : { comma }), from, to };
    from = to;
    return item;
  });
}

function tail(sql: string, at: number, pattern: RegExp): number {
  pattern.lastIndex = at;
  const found = pattern.exec(sql);
  return found === null ? at : at + found[0].length;
}

/** Removes the items that start where these do, with their commas and comments. */
export function removeItems(sql: string, removed: readonly { start: number }[]): Splice[] {
  const items = itemsOf(sql);
  const gone = (item: Item) => removed.some(({ start }) => start === item.start);
  const lastKept = items.findLast((item) => !gone(item));
  const splices = items.filter(gone).map(({ from, to }) => ({
    start: from,
    end: to,
    // The text that follows must not end up in a line comment.
    text: sql.slice(from, to).includes('\n') && sql[to] !== '\n' ? '\n' : '',
  }));
  if (
    lastKept?.comma !== undefined &&
    lastKept !== items.at(-1) &&
    items.slice(items.indexOf(lastKept) + 1).every(gone)
  )
    splices.push({ start: lastKept.comma, end: lastKept.comma + 1, text: '' });
  return splices;
}

/** Adds an item after the one that starts at `after`, formatted like it. */
export function insertItem(sql: string, after: number, text: string): Splice[] {
  const item = itemsOf(sql).find(({ start }) => start === after);
  if (item === undefined) throw new Error('The CREATE TABLE has no item at this position');
  const owned = sql.slice(item.from, item.to);
  const indent = /\n([ \t]*)$/.exec(sql.slice(0, item.start))?.[1] ?? '  ';
  const gap = /\n|--/.test(owned) ? `\n${indent}` : ' ';
  return item.comma === undefined
    ? [
        { start: item.end, end: item.end, text: ',' },
        { start: item.to, end: item.to, text: gap + text },
      ]
    : [{ start: item.to, end: item.to, text: `${gap}${text},` }];
}

/** Whether a constraint is a separate item; SQLite allows several in a row without commas. */
export function isItem(sql: string, { start, end }: { start: number; end: number }): boolean {
  return itemsOf(sql).some((item) => item.start === start && item.end === end);
}

/** If the last item of the list starts. */
export function lastItem(sql: string): number {
  return itemsOf(sql).at(-1)?.start ?? 0;
}

/** Removes a part of an item, with the blanks before it. */
export function removePart(sql: string, { start, end }: { start: number; end: number }): Splice {
  let blanks = 0;
  while (sql[start - blanks - 1] === ' ' || sql[start - blanks - 1] === '\t') blanks += 1;
  return { start: start - blanks, end, text: '' };
}

/** Whether the text contains comments, which SQLite's own ALTER TABLE may remove. */
export function hasComments(sql: string): boolean {
  const tokens = significantTokens(sql, 'sqlite');
  return tokens.some(({ start }, index) => /--|\/\*/.test(sql.slice(tokens[index - 1]?.end ?? 0, start)));
}

/**
 * The same table under another name. If its own expressions qualify a column with the table's name, which is valid
 * only under that name, the qualifier is removed: it can refer to no other table.
 */
export function renamed(sql: string, name: string, quoted: string): string {
  const tokens = significantTokens(sql, 'sqlite');
  const open = tokens.findIndex(({ key }) => key === '(');
  const header = tokens[open - 1];
  if (header === undefined) throw new Error('The CREATE TABLE has no name');
  const splices = [{ start: header.start, end: header.end, text: quoted }];
  tokens.forEach((token, index) => {
    const dot = tokens[index + 1];
    const names = (token.kind === 'word' || token.kind === 'name') && token.text.toLowerCase() === name.toLowerCase();
    if (index > open && names && dot?.key === '.') splices.push({ start: token.start, end: dot.end, text: '' });
  });
  return splice(sql, splices);
}
