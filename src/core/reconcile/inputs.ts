import { createHash } from 'node:crypto';
import type { DatabaseMigration, DatabaseMigrationSpec } from '../model/resource.ts';
import type { RunIdentity } from './observed.ts';

/**
 * Annotations by which a person acts without a shell in a pod. A change of a value starts a new run. `repair` has the
 * form of `parseRepair`; the values of the others have no meaning.
 */
export const ACTION_ANNOTATIONS = {
  retry: 'db-manager.dev/retry',
  repair: 'db-manager.dev/repair',
  prune: 'db-manager.dev/prune',
} as const;

/** Version of a ConfigMap that the spec references, or undefined if it does not exist. */
type SourceVersion = { name: string; version: string | undefined };

/** The ConfigMaps that the pod of a run reads. */
export function configMapsOf({ migrations, database }: DatabaseMigrationSpec): string[] {
  const authority = database.postgres?.caFrom?.configMapKeyRef?.name;
  const names = [
    ...(migrations.configMaps ?? []).map(({ name }) => name),
    ...(authority === undefined ? [] : [authority]),
  ];
  return [...new Set(names)];
}

/**
 * Digest of all inputs of a run. A change makes a new run due. Fields that only control when and how often to run
 * (suspend, window, dependsOn, retry, the time to live of the Job), or how to report (report, redactData, drift, notify), are excluded, so a
 * change of them starts no run.
 */
export function inputsDigest(resource: DatabaseMigration, sources: readonly SourceVersion[]): string {
  const {
    suspend: _1,
    window: _2,
    dependsOn: _3,
    retry: _4,
    report: _7,
    drift: _8,
    notify: _9,
    ...spec
  } = resource.spec;
  const { ttlAfterFinished: _5, ...runner } = spec.runner;
  const { redactData: _6, ...safety } = spec.safety;
  const annotations = resource.metadata.annotations ?? {};
  const retry = annotations[ACTION_ANNOTATIONS.retry] ?? '';
  const repair = annotations[ACTION_ANNOTATIONS.repair];
  const prune = annotations[ACTION_ANNOTATIONS.prune];
  const versions = sources.map(({ name, version }) => [name, version ?? '']).sort();
  return `sha256:${digest({ spec: { ...spec, runner, safety }, versions, retry, repair, prune })}`;
}

/** Two resources with the same key migrate the same database, judged by their specs. */
export function databaseKey({ metadata, spec: { database } }: DatabaseMigration): string {
  const namespace = metadata.namespace ?? 'default';
  if (database.sqlite !== undefined) {
    return digest(['sqlite', namespace, database.sqlite.volume.claimName, database.sqlite.path]).slice(0, 32);
  }
  if (database.postgres !== undefined) {
    const { host, port, database: name } = database.postgres;
    // A name without a dot is resolved in the namespace of the pod.
    const where = host.includes('.') || host.includes(':') ? host : `${host}.${namespace}`;
    return digest(['postgres', where.toLowerCase(), port, name]).slice(0, 32);
  }
  const ref = database.urlFrom?.secretKeyRef;
  return digest(['url', namespace, ref?.name, ref?.key]).slice(0, 32);
}

/**
 * The identity of a run. The same inputs and attempt give the same Job name, so creating it twice has no effect. The
 * generation distinguishes a spec that was changed back to an earlier text from the earlier run.
 */
export function runIdentity(resource: DatabaseMigration, inputs: string, attempt: number): RunIdentity {
  const { name, uid = '', generation = 0 } = resource.metadata;
  const hash = digest([uid, generation, inputs, attempt]).slice(0, 10);
  const readable =
    name
      .slice(0, 40)
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'run';
  const job = `${readable}-${hash}`;
  return { id: job, job, attempt, inputs, generation };
}

/** Hex sha256 of a value; the order of object keys does not matter. */
export function digest(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex');
}

/** JSON with sorted keys and without undefined, so that equal values give equal texts. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item ?? null)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
