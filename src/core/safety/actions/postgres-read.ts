/**
 * Statements that only read. Every function that they call must be one of PostgreSQL's own that changes nothing lasting.
 * The exception is `setval`, with which a dump ends: it moves a sequence, as an INSERT does, and older code can run with it.
 */
import type { SchemaAction } from '../action.ts';
import { DISTINCT, STEADY } from './postgres-default.ts';
import { names, type Tree, walk } from './tree.ts';

/** Aggregates, window functions and catalog functions; those that give each caller something else are harmless too. */
const READING = new Set(
  `count sum min max avg every bool_and bool_or bit_and bit_or bit_xor any_value array_agg string_agg json_agg jsonb_agg
  json_object_agg jsonb_object_agg xmlagg range_agg stddev stddev_pop stddev_samp variance var_pop var_samp corr covar_pop
  covar_samp regr_slope regr_count percentile_cont percentile_disc mode grouping row_number rank dense_rank percent_rank
  cume_dist ntile lag lead first_value last_value nth_value generate_series generate_subscripts unnest array_length
  array_upper array_lower array_ndims array_position array_positions array_remove array_append array_prepend array_cat
  array_to_string string_to_array cardinality split_part strpos position starts_with overlay translate ascii chr initcap
  char_length character_length octet_length bit_length quote_ident quote_literal quote_nullable regexp_replace regexp_match
  regexp_matches regexp_like regexp_count regexp_substr regexp_split_to_table regexp_split_to_array hashtext sha224 sha256
  sha384 sha512 crc32 exp ln log mod div gcd lcm width_bucket greatest least nullif num_nonnulls num_nulls isfinite
  justify_days justify_hours date_bin clock_timestamp timeofday random jsonb_array_elements jsonb_array_elements_text
  jsonb_array_length jsonb_each jsonb_each_text jsonb_object_keys jsonb_typeof jsonb_extract_path jsonb_extract_path_text
  jsonb_set jsonb_strip_nulls jsonb_pretty jsonb_path_exists jsonb_path_query jsonb_path_query_first jsonb_to_recordset
  json_array_elements json_array_elements_text json_array_length json_each json_each_text json_object_keys json_typeof
  json_extract_path json_extract_path_text row_to_json to_tsquery plainto_tsquery websearch_to_tsquery ts_rank version
  current_schemas pg_backend_pid pg_current_xact_id txid_current pg_sleep pg_typeof pg_size_pretty pg_table_size
  pg_relation_size pg_total_relation_size pg_indexes_size pg_database_size pg_get_constraintdef pg_get_indexdef
  pg_get_viewdef pg_get_functiondef pg_get_triggerdef pg_get_ruledef pg_get_expr pg_get_serial_sequence pg_get_userbyid
  pg_is_in_recovery pg_encoding_to_char to_regclass to_regtype to_regnamespace to_regproc to_regrole format_type
  obj_description col_description shobj_description has_table_privilege has_column_privilege has_schema_privilege
  has_database_privilege has_function_privilege has_sequence_privilege pg_has_role pg_table_is_visible
  pg_try_advisory_lock pg_try_advisory_xact_lock pg_advisory_lock pg_advisory_xact_lock pg_advisory_unlock currval lastval
  setval set_config`.split(/\s+/),
);

/** The INTO of a SELECT is a field of it, without the name of its node. */
const CHANGES = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'IntoClause', 'intoClause']);

/** One action of the kind `read`, or none if the query may do more. */
export function reads(query: unknown): SchemaAction[] {
  let changes = false;
  walk(query, (kind, fields) => {
    if (CHANGES.has(kind) || (kind === 'FuncCall' && !isReading(fields))) changes = true;
  });
  return changes ? [] : [{ kind: 'read' }];
}

function isReading({ funcname }: Tree): boolean {
  const parts = names(funcname);
  const called = parts.at(-1)?.toLowerCase() ?? '';
  if (parts.length > 1 && parts[0] !== 'pg_catalog') return false;
  return READING.has(called) || STEADY.has(called) || DISTINCT.test(called);
}
