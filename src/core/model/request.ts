import { z } from 'zod';
import { commandSchema } from './command.ts';
import { queryCheckSchema } from './query-check.ts';
import { REPAIR_ACTIONS } from './requested-repair.ts';

/** What identifies a SQLite file on a volume, of which the path is the same in every pod: namespace, claim and path. */
export const SQLITE_IDENTITY_VARIABLE = 'DB_MANAGER_SQLITE_IDENTITY';

/** `urlVariable`: the environment variable with the URL of a server for scratch copies. */
const rehearsalServerSchema = z.union([
  z.enum(['Auto', 'Private', 'SameServer']),
  z.strictObject({ urlVariable: z.string().min(1) }),
]);

export type RehearsalServer = z.infer<typeof rehearsalServerSchema>;

/**
 * The specification of one run, fixed when it starts: the controller writes it into the Job, the CLI creates it from
 * its flags. It contains no secret, only the names of the environment variables that contain one.
 */
export const runRequestSchema = z.strictObject({
  version: z.literal(1),
  runId: z.string().min(1).max(100),
  attempt: z.int().min(1),
  resource: z
    .strictObject({ namespace: z.string(), name: z.string(), uid: z.string(), generation: z.int() })
    .optional(),
  database: z.union([
    z.strictObject({ urlVariable: z.string() }),
    z.strictObject({ sqlite: z.strictObject({ path: z.string() }) }),
    z.strictObject({
      postgres: z.strictObject({
        host: z.string(),
        port: z.int(),
        database: z.string(),
        user: z.string(),
        passwordVariable: z.string().optional(),
        /** The password is a token of AWS IAM for RDS. */
        iam: z.strictObject({ region: z.string().optional() }).optional(),
        sslMode: z.enum(['disable', 'prefer', 'require', 'verify-ca', 'verify-full']),
        caFile: z.string().optional(),
        certFile: z.string().optional(),
        keyFile: z.string().optional(),
        schemas: z.array(z.string()).min(1),
      }),
    }),
  ]),
  /** Where the history is kept, where it is not in db_manager_history of the first schema. */
  history: z.strictObject({ schema: z.string().optional(), table: z.string().optional() }).optional(),
  /** Create a missing database. Without it only a SQLite file is created. */
  create: z.boolean().optional(),
  migrations: z.strictObject({
    path: z.string(),
    include: z.array(z.string()).optional(),
    exclude: z.array(z.string()).optional(),
  }),
  models: z.strictObject({ path: z.string() }).optional(),
  target: z.string(),
  allowDowngrade: z.boolean(),
  outOfOrder: z.enum(['Refuse', 'Allow']),
  /** Applied migrations that the files lack. Absent: Accept. */
  unknownApplied: z.enum(['Refuse', 'Accept', 'Downgrade']).optional(),
  dryRun: z.boolean(),
  approval: z.enum(['Automatic', 'Manual', 'OnFindings']),
  approvedPlan: z.string().optional(),
  /** Who set `approvedPlan`, as far as the API server knows. */
  approvedBy: z.string().max(300).optional(),
  safety: z.strictObject({
    mode: z.enum(['Enforce', 'Warn', 'Disabled']),
    ignore: z.array(z.string()),
    rehearsal: z.enum(['Auto', 'Full', 'SchemaOnly', 'Disabled']),
    roundTrip: z.boolean(),
    /** Absent: Auto. */
    rehearsalServer: rehearsalServerSchema.optional(),
  }),
  /** Queries that must return true before and after the plan. */
  checks: z.array(queryCheckSchema).max(50).optional(),
  validation: z.strictObject({
    before: z.enum(['Enforce', 'Warn', 'Disabled']),
    after: z.enum(['Enforce', 'Warn', 'Disabled']),
    expect: z.enum(['Auto', 'Models', 'Replay']),
  }),
  backup: z.strictObject({
    enabled: z.boolean(),
    /** A path, or the URL of an object store. */
    folder: z.string(),
    /** Recipients of age for which the backup is encrypted. */
    recipients: z.array(z.string()).optional(),
    name: z.string().optional(),
    compression: z.enum(['auto', 'none', 'gzip', 'zstd', 'lz4']),
    /** SQLite: how the copy is checked. Default `full`. */
    integrityCheck: z.enum(['full', 'quick']).optional(),
    /** PostgreSQL: only these schemas instead of the whole database. */
    schemas: z.array(z.string()).min(1).optional(),
    retain: z.strictObject({ last: z.int().min(1), days: z.int().min(0) }).optional(),
  }),
  /** Write a page next to the whole report, and into `file`. Absent: no page. */
  report: z.strictObject({ redactLiterals: z.boolean(), file: z.string().min(1).optional() }).optional(),
  onFailure: z.enum(['Keep', 'Downgrade', 'Restore']),
  /** `onFailure: Restore` may terminate other sessions of the database. */
  terminateSessions: z.boolean().optional(),
  /** The resource is a file: a person requests a repair with an annotation there. */
  manifest: z.literal(true).optional(),
  /** Repair the history before the plan is made, if the digest matches its state. */
  repair: z.strictObject({ action: z.enum(REPAIR_ACTIONS), digest: z.string() }).optional(),
  /** Delete old backups also before a backup is taken, and if nothing is pending. */
  prune: z.boolean().optional(),
  /** Milliseconds; 0 means no limit. */
  timeouts: z.strictObject({ connect: z.int(), lock: z.int(), statement: z.int(), run: z.int() }),
});

export type RunRequest = z.infer<typeof runRequestSchema>;

/** A run of another tool's command: it has no migrations that could be read. */
export const commandRequestSchema = runRequestSchema
  .omit({ migrations: true, models: true, target: true, allowDowngrade: true, outOfOrder: true })
  .extend({ command: commandSchema });

export type CommandRequest = z.infer<typeof commandRequestSchema>;

/** What every run has. */
export type CommonRequest = Omit<CommandRequest, 'command'>;

/** The environment variable that holds the URL of a server for scratch copies, if a resource names one. */
export const REHEARSAL_URL_VARIABLE = 'REHEARSAL_DATABASE_URL';

/** The environment variable with the folder that the containers of a command share with the runner of their pod. */
export const COMMAND_FOLDER_VARIABLE = 'DB_MANAGER_COMMAND_FOLDER';

/** The container that waits for the end of a run of a command, and ends with its exit code. */
export const LAST_STAGE = 'verify';

/** The environment variable with the request of a runner pod, as JSON. */
export const RUN_REQUEST_VARIABLE = 'DB_MANAGER_RUN_REQUEST';
