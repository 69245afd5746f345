import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { z } from 'zod';
import { invalidConfiguration } from '../core/model/problem.ts';
import type { RunRequest } from '../core/model/request.ts';
import { type DatabaseMigration, databaseMigrationSchema, KIND } from '../core/model/resource.ts';
import { placeOfObjectStore } from '../core/reconcile/backup-place.ts';
import {
  CORRECT_ANNOTATION,
  invalidRepair,
  type Placement,
  type RequestIdentity,
  requestedActions,
  requestFromSpec,
} from '../core/reconcile/request.ts';

/** Reads the one DatabaseMigration of a manifest, `-` for standard input; all errors in it are reported together. */
export async function readManifest(file: string): Promise<DatabaseMigration> {
  return (await readDocument(file)).resource;
}

/** The same, and the manifest as written: without the defaults, which the API server sets. */
export async function readDocument(file: string): Promise<{ resource: DatabaseMigration; written: { spec: unknown } }> {
  const text = await readFile(file === '-' ? '/dev/stdin' : file, 'utf8').catch(() => {
    throw invalidConfiguration(`${file} does not exist or cannot be read.`);
  });
  const documents = parseAllDocuments(text);
  const broken = documents.flatMap(({ errors }) => errors.map(({ message }) => message));
  if (broken.length > 0) throw invalidConfiguration(`${file} is not YAML: ${broken.join('; ')}`);
  const found = documents.map((document) => document.toJS() as unknown).filter(isMigration);
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw invalidConfiguration(`${file} has ${found.length} documents of kind ${KIND}; exactly one is needed.`);
  }
  const parsed = databaseMigrationSchema.safeParse(only);
  if (!parsed.success) throw invalidConfiguration(`${file}: ${parsed.error.issues.map(sentence).join('; ')}`);
  return { resource: parsed.data, written: only as { spec: unknown } };
}

/**
 * The request for a run of a manifest on this machine, with what its annotations ask for. Throws ProblemError
 * InvalidConfiguration for an annotation that cannot be read.
 */
export function requestOfManifest(
  resource: DatabaseMigration,
  identity: RequestIdentity,
  placement: Placement,
): RunRequest {
  const wrong = invalidRepair(resource);
  if (wrong !== undefined) throw invalidConfiguration(`${wrong} ${CORRECT_ANNOTATION}`);
  return { ...requestFromSpec(resource.spec, identity, placement), ...requestedActions(resource), manifest: true };
}

export interface LocalPaths {
  /** `claim=folder` pairs. */
  volume?: string[];
  migrations?: string;
  models?: string;
}

/**
 * Local folders in place of the mounts of a pod. A claim without `--volume` is the folder of its name in
 * `./data/volumes`, so that a manifest runs locally without changes.
 */
export function localPlacement({ spec, metadata }: DatabaseMigration, paths: LocalPaths): Placement {
  const claims = claimFolders(paths.volume ?? []);
  const folderOf = (claim: string) => resolve(claims.get(claim) ?? join('data', 'volumes', claim));
  const { sqlite } = spec.database;
  const { volume } = spec.migrations;
  const backups = spec.backup.volume?.claimName ?? `${metadata.name}-backups`;
  return {
    urlVariable: 'DATABASE_URL',
    passwordVariable: 'DATABASE_PASSWORD',
    sqliteFile: sqlite === undefined ? '' : join(folderOf(sqlite.volume.claimName), sqlite.path),
    migrationsFolder: resolve(
      paths.migrations ?? (volume === undefined ? 'migrations' : join(folderOf(volume.claimName), volume.path ?? '')),
    ),
    modelsFolder: modelsFolder(spec.models?.path, paths.models),
    backupsFolder:
      spec.backup.objectStore === undefined
        ? join(folderOf(backups), metadata.namespace ?? 'default', metadata.name)
        : placeOfObjectStore({ ...spec.backup.objectStore, caFrom: undefined }, ''),
    caFile: undefined,
    certFile: undefined,
    keyFile: undefined,
  };
}

function modelsFolder(inSpec: string | undefined, here: string | undefined): string | undefined {
  const path = here ?? inSpec;
  return path === undefined ? undefined : resolve(path);
}

/** `claim=folder` pairs as a map. Throws ProblemError InvalidConfiguration. */
export function claimFolders(pairs: readonly string[] = []): Map<string, string> {
  return new Map(pairs.map(parseVolume));
}

function parseVolume(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at <= 0 || at === text.length - 1) throw invalidConfiguration(`--volume takes CLAIM=FOLDER, not "${text}".`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function isMigration(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === KIND;
}

function sentence(issue: z.core.$ZodIssue): string {
  return `${issue.path.join('.') || 'the document'}: ${issue.message}`;
}
