/** SQL for advice that can be copied unchanged. */
import type { ReadMigration, ReadStatement, TableRef } from './action.ts';

/** How a migration of that format opts out of its transaction. */
export function optOut({ file }: Pick<ReadMigration, 'file'>): string {
  return /\.sql$/i.test(file)
    ? '"-- migrate:up transaction:false", "-- +goose NO TRANSACTION" or, if the format has no such option, "-- db-manager:transaction:false"'
    : 'export const transaction = false';
}

export function outside(migration: Pick<ReadMigration, 'file'>): string {
  return `In a separate migration, outside a transaction (${optOut(migration)}):`;
}

/** Reserved words of PostgreSQL that are often used as names. */
const RESERVED =
  /^(?:all|analyse|analyze|and|any|array|as|asc|both|case|cast|check|collate|column|constraint|create|default|desc|distinct|do|else|end|except|false|fetch|for|foreign|from|grant|group|having|in|initially|into|leading|limit|not|null|offset|on|only|or|order|placing|primary|references|returning|select|some|table|then|to|trailing|true|union|unique|user|using|variadic|when|where|window|with)$/;

/** Quoted if necessary. */
export function quoteName(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) && !RESERVED.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

export function spellTable({ schema, name }: TableRef): string {
  return schema === undefined ? quoteName(name) : `${quoteName(schema)}.${quoteName(name)}`;
}

export function spellColumns(columns: readonly string[]): string {
  return columns.length === 0 ? '…' : columns.map(quoteName).join(', ');
}

const LENGTH = 300;

/** The statement without surrounding text; undefined if it is too long to repeat. */
export function written({ sql }: Pick<ReadStatement, 'sql'>): string | undefined {
  const text = withoutEnd(sql.replace(/^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/, ''));
  if (text.length > LENGTH || text.includes('--') || text === '') return undefined;
  return /['"$]/.test(text) ? text : text.replace(/\s+/g, ' ');
}

function withoutEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === ';' || (text[end - 1] as string).trim() === '')) end -= 1;
  return text.slice(0, end);
}

/** The statement with a part replaced; undefined if the part is not in it. */
export function rewritten(statement: Pick<ReadStatement, 'sql'>, part: RegExp, by: string): string | undefined {
  const text = written(statement);
  return text !== undefined && part.test(text) ? text.replace(part, by) : undefined;
}
