import { createHash } from 'node:crypto';
import type { DatabaseMigration, DatabaseMigrationSpec } from '../model/resource.ts';
import type { RunIdentity } from './observed.ts';

/** A change of this annotation's value starts a new run of a resource that has given up. */
export const RETRY_ANNOTATION = 'db-manager.dev/retry';

/** Version of a ConfigMap that the spec names, or undefined where it does not exist. */
export type SourceVersion = { name: string; version: string | undefined };

/** The ConfigMaps that a run's pod will read. */
export function configMapsOf({ migrations, database }: DatabaseMigrationSpec): string[] {
  const authority = database.postgres?.caFrom?.configMapKeyRef?.name;
  const names = [
    ...(migrations.configMaps ?? []).map(({ name }) => name),
    ...(authority === undefined ? [] : [authority]),
  ];
  return [...new Set(names)];
}

/**
 * Digest of everything that a run is made from. A change makes a new run due; what only says when and how often to
 * run (suspend, window, dependsOn, retry, the Job's time to live), or how to report (redactData), is left out, so changing it runs nothing.
 */
export function inputsDigest(resource: DatabaseMigration, sources: readonly SourceVersion[]): string {
  const { suspend: _1, window: _2, dependsOn: _3, retry: _4, ...spec } = resource.spec;
  const { ttlAfterFinished: _5, ...runner } = spec.runner;
  const { redactData: _6, ...safety } = spec.safety;
  const retry = resource.metadata.annotations?.[RETRY_ANNOTATION] ?? '';
  const versions = sources.map(({ name, version }) => [name, version ?? '']).sort();
  return `sha256:${digest({ spec: { ...spec, runner, safety }, versions, retry })}`;
}

/** Two resources with the same key migrate the same database, as far as their specs tell. */
export function databaseKey({ metadata, spec: { database } }: DatabaseMigration): string {
  const namespace = metadata.namespace ?? 'default';
  if (database.sqlite !== undefined) {
    return digest(['sqlite', namespace, database.sqlite.volume.claimName, database.sqlite.path]).slice(0, 32);
  }
  if (database.postgres !== undefined) {
    const { host, port, database: name } = database.postgres;
    // A name without a dot is looked up in the pod's own namespace.
    const where = host.includes('.') || host.includes(':') ? host : `${host}.${namespace}`;
    return digest(['postgres', where.toLowerCase(), port, name]).slice(0, 32);
  }
  const ref = database.urlFrom?.secretKeyRef;
  return digest(['url', namespace, ref?.name, ref?.key]).slice(0, 32);
}

/**
 * The identity of a run. The same inputs and attempt give the same Job name, so creating twice is a no-op; the
 * generation keeps a spec that came back to an earlier text apart from its earlier run.
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

/** Hex sha256 of a value; the order of an object's keys does not matter. */
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
