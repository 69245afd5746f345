/**
 * Effects outside the database of a statement: the only table of them. `server`: on the server, so a private server can
 * run it; `outside`: on files, programs or other servers, which no copy can replace. Pure over PostgreSQL's syntax
 * tree; a restore of the database undoes none of it.
 */
import { as, list, type Tree, text, tree } from '../actions/tree.ts';

type Reach = 'server' | 'outside';

export interface Beyond {
  /** As one would write it: `CREATE ROLE mig_role`, `pg_reload_conf()`. */
  what: string;
  reach: Reach;
}

type Read = (fields: Tree) => Beyond | undefined;

const reaching =
  (reach: Reach) =>
  (what: string | ((fields: Tree) => string)): Read =>
  (fields) => ({ what: typeof what === 'string' ? what : what(fields), reach });
const server = reaching('server');
const outside = reaching('outside');

const named = (command: string, field: string) => (fields: Tree) => `${command} ${text(fields[field]) ?? ''}`.trim();
/** A RoleSpec, which is a node in lists and bare fields elsewhere. */
const role = (value: unknown) => text(as('RoleSpec', value).rolename) ?? text(tree(value).rolename) ?? '';

/** Objects that all databases of a server share. */
const SHARED: Readonly<Record<string, string>> = {
  OBJECT_ROLE: 'ROLE',
  OBJECT_DATABASE: 'DATABASE',
  OBJECT_TABLESPACE: 'TABLESPACE',
  OBJECT_PARAMETER_ACL: 'PARAMETER',
  OBJECT_SUBSCRIPTION: 'SUBSCRIPTION',
};

const ofShared =
  (command: string, field: string): Read =>
  (fields) => {
    const kind = SHARED[String(fields[field])];
    return kind === undefined ? undefined : { what: command.replace('%', kind), reach: 'server' };
  };

/** Statements, by node kind of the parser. */
export const STATEMENTS: Readonly<Record<string, Read>> = {
  CreateRoleStmt: server(named('CREATE ROLE', 'role')),
  AlterRoleStmt: server((fields) => `ALTER ROLE ${role(fields.role)}`.trim()),
  AlterRoleSetStmt: server((fields) => `ALTER ROLE ${role(fields.role) || 'ALL'} SET`),
  DropRoleStmt: server((fields) => `DROP ROLE ${list(fields.roles).map(role).join(', ')}`),
  GrantRoleStmt: server((fields) => (fields.is_grant === true ? 'GRANT of a role' : 'REVOKE of a role')),
  DropOwnedStmt: server('DROP OWNED'),
  ReassignOwnedStmt: server('REASSIGN OWNED'),
  CreatedbStmt: server(named('CREATE DATABASE', 'dbname')),
  DropdbStmt: server(named('DROP DATABASE', 'dbname')),
  AlterDatabaseStmt: server(named('ALTER DATABASE', 'dbname')),
  AlterDatabaseSetStmt: server((fields) => `${named('ALTER DATABASE', 'dbname')(fields)} SET`),
  AlterDatabaseRefreshCollStmt: server(named('ALTER DATABASE', 'dbname')),
  DropTableSpaceStmt: server(named('DROP TABLESPACE', 'tablespacename')),
  AlterTableSpaceOptionsStmt: server(named('ALTER TABLESPACE', 'tablespacename')),
  CreateTableSpaceStmt: (fields) => ({
    what: named('CREATE TABLESPACE', 'tablespacename')(fields),
    // In place, it is in the data folder of the server.
    reach: text(fields.location) === '' || fields.location === undefined ? 'server' : 'outside',
  }),
  AlterSystemStmt: server('ALTER SYSTEM'),
  CheckPointStmt: server('CHECKPOINT'),
  NotifyStmt: server(named('NOTIFY', 'conditionname')),
  LoadStmt: outside(named('LOAD', 'filename')),
  CreateSubscriptionStmt: outside(named('CREATE SUBSCRIPTION', 'subname')),
  AlterSubscriptionStmt: outside(named('ALTER SUBSCRIPTION', 'subname')),
  DropSubscriptionStmt: outside(named('DROP SUBSCRIPTION', 'subname')),
  ImportForeignSchemaStmt: outside(named('IMPORT FOREIGN SCHEMA', 'remote_schema')),
  CopyStmt: ({ is_program: program, filename, is_from: from }) => {
    if (text(filename) === undefined) return undefined;
    const where = program === true ? 'PROGRAM' : 'a file of the server';
    return { what: `COPY ${from === true ? 'FROM' : 'TO'} ${where}`, reach: 'outside' };
  },
  RenameStmt: ofShared('ALTER % RENAME', 'renameType'),
  AlterOwnerStmt: ofShared('ALTER % OWNER', 'objectType'),
  CommentStmt: ofShared('COMMENT ON %', 'objtype'),
  SecLabelStmt: ofShared('SECURITY LABEL ON %', 'objtype'),
  GrantStmt: ofShared('GRANT or REVOKE ON %', 'objtype'),
};

/** Functions of PostgreSQL, its own extensions and other common ones; whole names, in lower case, without schema. */
const FUNCTIONS: readonly [RegExp, Reach][] = [
  [
    /^pg_(create|drop|copy)_(physical_|logical_)?replication_slot$|^pg_copy_(physical|logical)_replication_slot$/,
    'server',
  ],
  [
    /^pg_replication_slot_advance$|^pg_sync_replication_slots$|^pg_logical_slot_(get|peek)_(binary_)?changes$/,
    'server',
  ],
  [/^pg_replication_origin_(create|drop|advance|session_setup|session_reset|xact_setup|xact_reset)$/, 'server'],
  [/^pg_logical_emit_message$|^pg_log_standby_snapshot$|^pg_log_backend_memory_contexts$/, 'server'],
  [/^pg_(reload_conf|rotate_logfile|rotate_logfile_old|terminate_backend|cancel_backend|promote|notify)$/, 'server'],
  [/^pg_switch_(wal|xlog)$|^pg_create_restore_point$|^pg_(wal|xlog)_replay_(pause|resume)$/, 'server'],
  [/^pg_(backup_start|backup_stop|start_backup|stop_backup)$/, 'server'],
  [/^pg_stat_(reset_shared|reset_slru|reset_replication_slot|reset_subscription_stats|statements_reset)$/, 'server'],
  [/^dblink(_|$)/, 'outside'],
  [/^lo_(import|export)$/, 'outside'],
  [/^pg_(read_file|read_binary_file|stat_file|read_file_old|ls_\w+|logdir_ls|current_logfile)$/, 'outside'],
  [/^pg_file_(write|rename|unlink|sync|read|length)$|^adminpack_/, 'outside'],
  [/^(http|http_(get|post|put|patch|delete|head|set_curlopt)|urlencode_post)$/, 'outside'],
];

/** Extensions that act from a schema of their own: pg_cron, pg_net, those of Amazon. */
const SCHEMAS: Readonly<Record<string, Reach>> = {
  cron: 'server',
  net: 'outside',
  aws_s3: 'outside',
  aws_lambda: 'outside',
  aws_commons: 'outside',
  azure_storage: 'outside',
};

export function functionBeyond(path: readonly string[]): Beyond | undefined {
  const parts = path.map((part) => part.toLowerCase());
  const name = parts.at(-1) ?? '';
  const schema = parts.length > 1 ? (parts.at(-2) ?? '') : '';
  const reach = SCHEMAS[schema] ?? FUNCTIONS.find(([pattern]) => pattern.test(name))?.[1];
  return reach === undefined ? undefined : { what: `${parts.join('.')}()`, reach };
}

/** Rows of tables of extensions with the same effect as their functions: `INSERT INTO cron.job`. */
export function tableBeyond({ schemaname, relname }: Tree): Beyond | undefined {
  const reach = schemaname === 'cron' ? SCHEMAS.cron : undefined;
  return reach === undefined ? undefined : { what: `a change of ${schemaname}.${text(relname) ?? ''}`, reach };
}

/** Probable effects of a text that cannot be parsed: code in another language, or a statement built from parts. */
export function textBeyond(sql: string): Beyond[] {
  const found: Beyond[] = [];
  for (const [pattern, reach] of WORDS) {
    const match = pattern.exec(sql);
    if (match !== null) found.push({ what: match[0].replace(/\s+/g, ' ').trim(), reach });
  }
  return found;
}

const WORDS: readonly [RegExp, Reach][] = [
  [/\b(create|alter|drop)\s+(role|user(?!\s+mapping)|group|database)\b/i, 'server'],
  [/\b(alter|drop)\s+tablespace\b/i, 'server'],
  [/\balter\s+system\b/i, 'server'],
  [/\bcreate\s+tablespace\b/i, 'outside'],
  [/\b(create|alter|drop)\s+subscription\b/i, 'outside'],
  [/\bcopy\b[^;]*\b(from|to)\s+(program\b|'|E')/i, 'outside'],
  [/\bdblink\w*\s*\(/i, 'outside'],
  [/\blo_(import|export)\s*\(/i, 'outside'],
  [/\bpg_(create|drop|copy)_\w*replication_slot\s*\(/i, 'server'],
  [/\bpg_(reload_conf|terminate_backend|cancel_backend|switch_wal|promote)\s*\(/i, 'server'],
  [/\bpg_(read_file|read_binary_file|file_write)\s*\(/i, 'outside'],
  [/\bcron\.(schedule|unschedule|alter_job)\w*\s*\(/i, 'server'],
];
