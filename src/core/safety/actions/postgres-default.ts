import type { DefaultKind } from '../action.ts';
import { name, names, open, walk } from './tree.ts';

/** Evaluated once for the whole statement: since PostgreSQL 11 such a default is not written into the rows. */
export const STEADY = new Set(
  `now statement_timestamp transaction_timestamp current_setting current_database current_schema current_user
  session_user lower upper trim btrim ltrim rtrim md5 concat coalesce to_char to_timestamp to_date to_number date_trunc
  date_part extract make_date make_time make_timestamp make_timestamptz make_interval timezone age length repeat replace
  substring lpad rpad format json_build_object json_build_array jsonb_build_object jsonb_build_array to_json to_jsonb
  array_fill abs ceil floor round trunc sign power sqrt int4range int8range numrange tsrange tstzrange daterange
  to_tsvector encode decode left right reverse`.split(/\s+/),
);

/** A different value at every call, so every row has to be written. Source: `provolatile` in `pg_proc.dat`. */
const VOLATILE = new Set(
  `random random_normal gen_random_uuid gen_random_bytes uuidv4 uuidv7 uuid_generate_v1 uuid_generate_v1mc
  uuid_generate_v4 clock_timestamp timeofday nextval setval currval lastval pg_backend_pid txid_current
  pg_current_xact_id gen_salt`.split(/\s+/),
);

const ORDER: readonly DefaultKind[] = ['constant', 'unknown', 'volatile'];

/** How a default behaves when a column is added with it: the worst of the functions that it calls. */
export function defaultKind(expression: unknown): DefaultKind {
  let worst = 0;
  walk(expression, (kind, fields) => {
    if (kind === 'FuncCall') worst = Math.max(worst, ORDER.indexOf(functionKind(names(fields.funcname))));
  });
  return ORDER[worst] ?? 'unknown';
}

function functionKind(parts: readonly string[]): DefaultKind {
  const called = parts.at(-1)?.toLowerCase() ?? '';
  if (VOLATILE.has(called)) return 'volatile';
  const own = parts.length > 1 && parts[0] !== 'pg_catalog';
  return STEADY.has(called) && !own ? 'constant' : 'unknown';
}

export const DISTINCT = /^(?:nextval|gen_random_uuid|uuidv[47]|uuid_generate_v(?:1|1mc|4))$/;

/** It gives each row a unique value: a sequence or a UUID. */
export function isDistinct(expression: unknown): boolean {
  const [kind, fields] = open(expression);
  if (kind !== 'FuncCall') return false;
  const parts = names(fields.funcname);
  return DISTINCT.test(parts.at(-1) ?? '') && (parts.length === 1 || parts[0] === 'pg_catalog');
}

/** `DEFAULT NULL` counts as no default. */
export function isNull(expression: unknown): boolean {
  const [kind, fields] = open(expression);
  if (kind === 'TypeCast') return isNull(fields.arg);
  return kind === 'A_Const' && fields.isnull === true;
}

/** Of a column reference without a table: `{ ColumnRef: { fields: [b] } }`. */
export function columnOf(expression: unknown): string | undefined {
  const [kind, fields] = open(expression);
  const parts = kind === 'ColumnRef' && Array.isArray(fields.fields) ? fields.fields : [];
  return parts.length > 0 ? name(parts.at(-1)) : undefined;
}
