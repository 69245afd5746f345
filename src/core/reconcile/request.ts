import { clip } from '../model/clip.ts';
import { parseDuration } from '../model/duration.ts';
import { type CommandRequest, REHEARSAL_URL_VARIABLE, type RunRequest } from '../model/request.ts';
import { parseRepair } from '../model/requested-repair.ts';
import type { DatabaseMigration, DatabaseMigrationSpec } from '../model/resource.ts';
import { ACTION_ANNOTATIONS } from './inputs.ts';

/**
 * The paths for the process that runs: the mount paths of a pod, or local folders for `db-manager run`. Secrets are
 * referenced by environment variable; the request never contains them.
 */
export interface Placement {
  urlVariable: string;
  passwordVariable: string;
  /** Absolute path of the SQLite file. */
  sqliteFile: string;
  migrationsFolder: string;
  modelsFolder: string | undefined;
  backupsFolder: string;
  caFile: string | undefined;
  certFile: string | undefined;
  keyFile: string | undefined;
}

export interface RequestIdentity {
  runId: string;
  attempt: number;
  resource?: RunRequest['resource'];
}

/** What the annotations of a resource ask a run to do. An invalid value is found by `assess`, before a run starts. */
export function requestedActions({ metadata }: Pick<DatabaseMigration, 'metadata'>) {
  const { [ACTION_ANNOTATIONS.repair]: repair, [ACTION_ANNOTATIONS.prune]: prune } = metadata.annotations ?? {};
  const parsed = repair === undefined ? undefined : parseRepair(repair);
  return { ...(parsed === undefined ? {} : { repair: parsed }), ...(prune === undefined ? {} : { prune: true }) };
}

/** What is wrong with the annotation that requests a repair, if so. */
export function invalidRepair({ metadata }: Pick<DatabaseMigration, 'metadata'>): string | undefined {
  const value = metadata.annotations?.[ACTION_ANNOTATIONS.repair];
  if (value === undefined || parseRepair(value) !== undefined) return undefined;
  return `The annotation ${ACTION_ANNOTATIONS.repair} is "${clip(value, 60)}", not an action and a digest. No run starts.`;
}

/** The advice for a manifest in a file. */
export const CORRECT_ANNOTATION = 'Correct it in the manifest, or remove it.';

function filesOf({ migrations: { include, exclude } }: DatabaseMigrationSpec, { migrationsFolder }: Placement) {
  return {
    path: migrationsFolder,
    ...(include === undefined ? {} : { include }),
    ...(exclude === undefined ? {} : { exclude }),
  };
}

/** Converts a spec into the request for one run. Pure: the same spec and placement give the same request. */
export function requestFromSpec(
  spec: DatabaseMigrationSpec,
  identity: RequestIdentity,
  placement: Placement,
): RunRequest {
  return {
    version: 1,
    ...identity,
    database: databaseOf(spec.database, placement),
    ...(spec.database.create === undefined ? {} : { create: spec.database.create }),
    ...(spec.database.history === undefined ? {} : { history: spec.database.history }),
    migrations: filesOf(spec, placement),
    ...(placement.modelsFolder === undefined ? {} : { models: { path: placement.modelsFolder } }),
    target: spec.target,
    allowDowngrade: spec.allowDowngrade,
    outOfOrder: spec.outOfOrder,
    ...(spec.unknownApplied === undefined ? {} : { unknownApplied: spec.unknownApplied }),
    dryRun: spec.dryRun,
    approval: spec.approval,
    approvedPlan: spec.approvedPlan,
    safety: safetyOf(spec),
    validation: spec.validation,
    ...(spec.checks === undefined ? {} : { checks: spec.checks }),
    backup: {
      enabled: spec.backup.mode === 'Enabled',
      folder: placement.backupsFolder,
      ...(spec.backup.encryption === undefined ? {} : { recipients: spec.backup.encryption.recipients }),
      compression: spec.backup.compression,
      schemas: spec.backup.schemas,
      retain: spec.backup.retain,
    },
    ...(spec.report.mode === 'Enabled' ? { report: { redactLiterals: spec.report.redactLiterals } } : {}),
    onFailure: spec.onFailure,
    terminateSessions: spec.terminateSessions,
    timeouts: {
      connect: milliseconds(spec.timeouts.connect),
      lock: milliseconds(spec.timeouts.lock),
      statement: milliseconds(spec.timeouts.statement),
      run: milliseconds(spec.timeouts.run),
    },
  };
}

/** The same for the command of another tool. The schema has excluded what only migrations have. */
export function commandRequestFromSpec(
  spec: DatabaseMigrationSpec,
  command: NonNullable<DatabaseMigrationSpec['migrations']['command']>,
  identity: RequestIdentity,
  placement: Placement,
): CommandRequest {
  const {
    migrations: _1,
    models: _2,
    target: _3,
    allowDowngrade: _4,
    outOfOrder: _5,
    ...common
  } = requestFromSpec(spec, identity, placement);
  const { down, workingDir, urlEnv, urlFormat, statements } = command;
  return {
    ...common,
    command: {
      run: [...command.command, ...command.args],
      ...(down === undefined ? {} : { down }),
      ...(workingDir === undefined ? {} : { workingDir }),
      urlVariable: urlEnv,
      urlFormat,
      statements,
    },
  };
}

/** Only the operator uses `redactData`, to show a report. */
function safetyOf({
  safety: { rehearsalServerUrlFrom, redactData: _, ...safety },
}: DatabaseMigrationSpec): RunRequest['safety'] {
  return rehearsalServerUrlFrom === undefined
    ? safety
    : { ...safety, rehearsalServer: { urlVariable: REHEARSAL_URL_VARIABLE } };
}

/** The paths and variables that describe a database. */
type DatabasePlaces = Pick<
  Placement,
  'urlVariable' | 'passwordVariable' | 'sqliteFile' | 'caFile' | 'certFile' | 'keyFile'
>;

export function databaseOf(
  database: DatabaseMigrationSpec['database'],
  placement: DatabasePlaces,
): RunRequest['database'] {
  if (database.sqlite !== undefined) return { sqlite: { path: placement.sqliteFile } };
  if (database.postgres === undefined) return { urlVariable: placement.urlVariable };
  const {
    host,
    port,
    database: name,
    user,
    sslMode,
    schemas,
    passwordFrom,
    iam,
    caFrom,
    certFrom,
    keyFrom,
  } = database.postgres;
  return {
    postgres: {
      host,
      port,
      database: name,
      user,
      sslMode,
      schemas,
      ...(passwordFrom === undefined ? {} : { passwordVariable: placement.passwordVariable }),
      ...(iam === undefined ? {} : { iam: iam.region === undefined ? {} : { region: iam.region } }),
      ...(caFrom === undefined ? {} : { caFile: placement.caFile }),
      ...(certFrom === undefined ? {} : { certFile: placement.certFile }),
      ...(keyFrom === undefined ? {} : { keyFile: placement.keyFile }),
    },
  };
}

/** The schema has validated the text, so it parses. */
function milliseconds(text: string): number {
  return parseDuration(text) ?? 0;
}
