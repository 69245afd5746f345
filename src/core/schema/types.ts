import type { Dialect } from '../model/dialect.ts';

/** PostgreSQL's other names for a type (manual, table 8.1), to the one that format_type() prints. */
const POSTGRES: Record<string, string> = {
  int: 'integer',
  int4: 'integer',
  int2: 'smallint',
  int8: 'bigint',
  serial: 'integer',
  bigserial: 'bigint',
  smallserial: 'smallint',
  float4: 'real',
  float8: 'double precision',
  float: 'double precision',
  bool: 'boolean',
  decimal: 'numeric',
  varchar: 'character varying',
  char: 'character',
  bpchar: 'character',
  timestamptz: 'timestamp with time zone',
  timestamp: 'timestamp without time zone',
  timetz: 'time with time zone',
  time: 'time without time zone',
  varbit: 'bit varying',
  dec: 'numeric',
  'char varying': 'character varying',
};

/**
 * The canonical spelling of a type: `VARCHAR(255)` and `character varying(255)` give the same text. On SQLite a type is
 * what was declared; only case and spaces are ignored.
 */
export function canonicalType(dialect: Dialect, type: string): string {
  const plain = type
    .trim()
    .replace(/\s+/g, ' ')
    .replace(/\s*\(\s*/g, '(')
    .replace(/\s*,\s*/g, ',')
    .replace(/\s*\)/g, ')');
  return CANONICAL[dialect](plain);
}

const CANONICAL: Record<Dialect, (plain: string) => string> = {
  postgres: canonicalPostgres,
  sqlite: (plain) => plain.toUpperCase(),
};

/** The spelling that format_type() prints. */
function canonicalPostgres(plain: string): string {
  const array = /(?:\[\d*\])+$/.exec(plain)?.[0] ?? '';
  const base = (array === '' ? plain : plain.slice(0, -array.length)).replace(/^public\./, '');
  if (base.startsWith('"') || base.includes('."')) return `${base}${'[]'.repeat(array.split('[').length - 1)}`;
  const match = /^([a-z_][a-z0-9_ ]*?)(\([^)]*\))?((?: with(?:out)? time zone)?)$/i.exec(base);
  if (match === null) return `${base}${array === '' ? '' : '[]'}`;
  const [, name = '', argument = '', zone = ''] = match;
  const full = `${name.toLowerCase()}${zone.toLowerCase()}`;
  const known = POSTGRES[full] ?? full;
  const spaced = / with(out)? time zone$/.exec(known);
  const text = spaced === null || argument === '' ? `${known}${argument}` : known.replace(/ with/, `${argument} with`);
  const float = /^double precision\((\d+)\)$/.exec(text)?.[1];
  if (float !== undefined) return `${Number(float) < 25 ? 'real' : 'double precision'}${array === '' ? '' : '[]'}`;
  const sized =
    text === 'character' || text === 'bit' ? `${text}(1)` : text.replace(/^numeric\((\d+)\)$/, 'numeric($1,0)');
  return `${sized}${array === '' ? '' : '[]'}`;
}
