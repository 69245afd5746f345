/** Statements as a run compares them: what they are, and a fingerprint that ignores constants. */
import { textStart } from '../../core/model/clip.ts';
import { as, list, names, open, type Tree, tree } from '../../core/safety/actions/tree.ts';
import { withoutPlaceholders } from './placeholders.ts';

/** `read` changes nothing; `session` changes only its own session or transaction; `write` may change the database. */
type StatementKind = 'read' | 'session' | 'write';

export interface Fingerprint {
  fingerprint: string;
  kind: StatementKind;
  /** It begins or ends a transaction. */
  transaction?: 'begin' | 'commit' | 'rollback';
}

/** Never throws. `whole`: false if only the start of the statement is known. */
export type Fingerprinter = (sql: string, whole: boolean) => Fingerprint;

const SESSION = new Set([
  'TransactionStmt',
  'VariableSetStmt',
  'VariableShowStmt',
  'DiscardStmt',
  'DeallocateStmt',
  'ExecuteStmt',
  'ListenStmt',
  'UnlistenStmt',
  'ClosePortalStmt',
  'FetchStmt',
  'LockStmt',
  'ConstraintsSetStmt',
]);

/** Functions that tools call to look at the database, or to lock it. Others may change something. */
const LOOKS =
  /^(pg_(?!terminate_|cancel_|reload_|rotate_|create_|drop_|notify$|logical_|replication_|switch_|promote|wal_|backup_|start_|stop_|file_|read_|write_|stat_reset)\w*|_pg_\w+|current_\w+|session_user|version|to_reg\w+|to_char|to_json\w*|has_\w+_privilege|row_security_active|set_config|inet_\w+|txid_current\w*|obj_description|col_description|shobj_description|format|format_type|quote_\w+|count|min|max|sum|avg|bool_(and|or)|every|coalesce|nullif|greatest|least|array_\w+|string_(agg|to_array)|json\w*|row_to_json|unnest|generate_(series|subscripts)|lower|upper|length|char_length|octet_length|substring|substr|position|strpos|left|right|trim|btrim|ltrim|rtrim|replace|translate|split_part|concat|concat_ws|regexp_\w+|md5|hashtext|now|clock_timestamp|statement_timestamp|transaction_timestamp|timezone|date_part|date_trunc|extract|age|abs|ceil|floor|round|row_number|rank|dense_rank|lag|lead|first_value|last_value|similar_to_escape|like_escape|acl\w+|make\w+|information_schema|exists)$/;

/** PostgreSQL's own parser; it is loaded here. */
export async function loadFingerprinter(): Promise<Fingerprinter> {
  const { loadModule, parseSync, fingerprintSync } = await import('libpg-query');
  await loadModule();
  const read = (sql: string): Fingerprint => {
    const nodes = (parseSync(sql).stmts ?? []).map(({ stmt }) => stmt as unknown);
    return { fingerprint: fingerprintSync(sql), ...kindOf(nodes) };
  };
  return (sql, whole) => {
    if (!whole) return { fingerprint: `start ${textual(textStart(sql, 200))}`, kind: 'write' };
    try {
      return read(sql);
    } catch {
      try {
        return read(withoutPlaceholders(sql, 'postgres'));
      } catch {
        return { fingerprint: `text ${textual(sql)}`, kind: 'write' };
      }
    }
  };
}

function kindOf(nodes: readonly unknown[]): Pick<Fingerprint, 'kind' | 'transaction'> {
  const kinds = nodes.map(kindOfStatement);
  const transaction = nodes.map(transactionOf).findLast((one) => one !== undefined);
  const kind = kinds.includes('write') ? 'write' : kinds.includes('read') ? 'read' : 'session';
  return { kind, ...(transaction === undefined ? {} : { transaction }) };
}

function transactionOf(node: unknown): Fingerprint['transaction'] {
  const { kind } = as('TransactionStmt', node);
  if (kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START') return 'begin';
  if (kind === 'TRANS_STMT_COMMIT' || kind === 'TRANS_STMT_PREPARE') return 'commit';
  return kind === 'TRANS_STMT_ROLLBACK' ? 'rollback' : undefined;
}

function kindOfStatement(node: unknown): StatementKind {
  const [name, fields] = open(node);
  if (SESSION.has(name)) return 'session';
  if (name === 'SelectStmt') return changes(node) ? 'write' : 'read';
  if (name === 'PrepareStmt' || name === 'DeclareCursorStmt') return kindOfStatement(fields.query);
  if (name === 'ExplainStmt') {
    const analyses = list(fields.options).some((option) => as('DefElem', option).defname === 'analyze');
    return analyses ? kindOfStatement(fields.query) : 'read';
  }
  if (name === 'CopyStmt' && fields.is_from !== true && fields.filename === undefined) {
    return fields.query === undefined ? 'read' : kindOfStatement(fields.query);
  }
  return 'write';
}

const CHANGES = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'IntoClause']);

/** SELECT INTO, a change in a WITH, or a function that may do anything. */
function changes(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(changes);
  if (typeof node !== 'object' || node === null) return false;
  return Object.entries(node as Tree).some(([key, value]) => {
    if (CHANGES.has(key) || key === 'intoClause') return true;
    if (key === 'FuncCall' && !LOOKS.test(names(tree(value).funcname).at(-1)?.toLowerCase() ?? '')) return true;
    return changes(value);
  });
}

/** Without strings, numbers and spacing. */
function textual(sql: string): string {
  return sql
    .replace(/'(?:[^']|'')*(?:'|$)/g, '?')
    .replace(/\b\d+(?:\.\d+)?\b/g, '?')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase();
}
