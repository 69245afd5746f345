import type { Dialect } from '../model/dialect.ts';
import { canonicalExpression } from './expressions.ts';
import { canonicalType } from './types.ts';

/**
 * The meaning of a default. The type of the column determines the meaning of a literal: `'0'` of a number is 0, `0.00`
 * of a numeric is 0, `'t'` of a boolean is true, spaces in jsonb mean nothing; `'007'` of a text stays what it is.
 */
export function canonicalDefault(dialect: Dialect, text: string | undefined, type = ''): string | undefined {
  if (text === undefined) return undefined;
  const plain = canonicalExpression(dialect, text);
  if (plain === 'null') return undefined;
  return LITERALS[familyOf(canonicalType(dialect, type))](plain, dialect);
}

type Family = 'number' | 'boolean' | 'json' | 'time' | 'text' | 'other';

function familyOf(type: string): Family {
  const plain = type.toLowerCase();
  if (plain.endsWith('[]')) return 'other';
  if (plain.startsWith('bool') || plain === 'tinyint(1)') return 'boolean';
  if (/^(?:small|big|tiny|medium)?int|^integer|^numeric|^decimal|^real|^double|^float|^money|^number/.test(plain))
    return 'number';
  if (plain.startsWith('json')) return 'json';
  if (plain.startsWith('timestamp') || plain.startsWith('datetime')) return 'time';
  return /char|text|clob/.test(plain) ? 'text' : 'other';
}

const NUMBER = /^'?(-?\d+(?:\.\d+)?)'?$/;

const LITERALS: Record<Family, (text: string, dialect: Dialect) => string> = {
  number: (text) => plainNumber(NUMBER.exec(text)?.[1]) ?? text,
  boolean: (text) => {
    if (/^'?(?:true|t|yes|on|1)'?$/.test(text)) return 'true';
    return /^'?(?:false|f|no|off|0)'?$/.test(text) ? 'false' : text;
  },
  json: (text) => jsonOf(text) ?? text,
  time: (text) => {
    const written = /^'(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) ?([+-]\d\d(?::?\d\d)?)'$/.exec(text);
    if (written === null) return text;
    const zone = (written[2] ?? '').replace(/^([+-]\d\d)$/, '$1:00');
    const at = Date.parse(`${written[1]?.replace(' ', 'T')}${zone}`);
    return Number.isNaN(at) ? text : `'${new Date(at).toISOString()}'`;
  },
  text: (text) => (/^-?\d+(?:\.\d+)?$/.test(text) ? `'${text}'` : text),
  other: (text) => text,
};

/** Without insignificant zeros; as text, because a bigint or numeric does not fit into a double. */
function plainNumber(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const [whole = '', part = ''] = text.split('.');
  const short = part.replace(/0+$/, '');
  const plain = whole.replace(/^(-?)0+(?=\d)/, '$1');
  const number = short === '' ? plain : `${plain}.${short}`;
  return number === '-0' ? '0' : number;
}

function jsonOf(text: string): string | undefined {
  if (!text.startsWith("'")) return undefined;
  try {
    return `'${JSON.stringify(sorted(JSON.parse(text.slice(1, -1).replaceAll("''", "'"))))}'`;
  } catch {
    return undefined;
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
