/** Types by their short names, and which type changes do not rewrite the stored rows. */
import { bareName } from './action.ts';

const SHORT: Record<string, string> = {
  int: 'integer',
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  float4: 'real',
  float8: 'double precision',
  bool: 'boolean',
  bpchar: 'char',
  character: 'char',
  'character varying': 'varchar',
  decimal: 'numeric',
  varbit: 'bit varying',
  'timestamp with time zone': 'timestamptz',
  'timestamp without time zone': 'timestamp',
  'time with time zone': 'timetz',
  'time without time zone': 'time',
  serial4: 'serial',
  serial8: 'bigserial',
  serial2: 'smallserial',
};

/** `character varying(20)[]` is `varchar(20)[]`, `timestamp(3) without time zone` is `timestamp(3)`. */
export function shortType(text: string): string {
  const { base, args, array } = parts(text.toLowerCase().trim());
  return `${SHORT[base] ?? base}${args.length > 0 ? `(${args.join(',')})` : ''}${array}`;
}

/**
 * Whether PostgreSQL changes the type without rewriting the table. Sources: the manual's page of ALTER TABLE (a
 * binary coercible type), and the transform functions of varchar, numeric, varbit, timestamp, time and interval.
 */
export function isFreeChange(from: string, to: string): boolean {
  if (from === to) return true;
  if (isSameName(from, to)) return true;
  const [a, b] = [parts(from), parts(to)];
  if (a.array !== '' || b.array !== '') return false;
  if (b.base === 'text') return a.base === 'varchar' || a.base === 'text' || a.base === 'xml';
  if (a.base === 'text') return b.base === 'varchar' && b.args.length === 0;
  if (a.base === 'cidr' && b.base === 'inet') return true;
  if (a.base !== b.base) return false;
  const [size, scale = 0] = a.args;
  const [newSize, newScale = 0] = b.args;
  switch (a.base) {
    case 'varchar':
    case 'bit varying':
      return newSize === undefined || (size !== undefined && newSize >= size);
    case 'numeric':
      return newSize === undefined || (size !== undefined && newSize >= size && newScale === scale);
    case 'timestamp':
    case 'timestamptz':
    case 'time':
    case 'timetz':
    case 'interval':
      return newSize === undefined || (size !== undefined && newSize >= size);
    default:
      return false;
  }
}

/** `public.mood` is `mood`: a change between two types that share only their name needs a USING. */
function isSameName(from: string, to: string): boolean {
  return from.includes('.') !== to.includes('.') && bareName(from) === bareName(to);
}

function parts(type: string): { base: string; args: number[]; array: string } {
  const array = /(?:\[\d*\])+$/.exec(type)?.[0] ?? '';
  const plain = type.slice(0, type.length - array.length);
  const args = /\(([^)]*)\)/.exec(plain)?.[1];
  const base = plain
    .replace(/\([^)]*\)/, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const numbers = args === undefined ? [] : args.split(',').map(Number);
  return { base, args: numbers.some(Number.isNaN) ? [] : numbers, array: array.replace(/\d+/g, '') };
}
