import { clip } from '../model/clip.ts';

/**
 * Patterns that an administrator sets for all resources, with `*` for any text. Absent: everything is allowed; an empty
 * list allows nothing but the default.
 */
export interface Allowed {
  /** `spec.runner.image`, `spec.migrations.image.reference` and `spec.migrations.command.image`. */
  images?: readonly string[];
  /** `spec.runner.serviceAccountName`. */
  serviceAccounts?: readonly string[];
  /** Secrets that the pod reads, and ConfigMaps in its environment: `secret/NAME`, `configmap/NAME`. */
  sources?: readonly string[];
  /** `spec.runner.priorityClassName`. */
  priorityClasses?: readonly string[];
}

/** The checked fields of a resource. Every kind with a Job has the fields under the same names. */
interface RestrictedResource {
  spec: object & {
    runner?: { image?: string; serviceAccountName?: string; priorityClassName?: string; env?: readonly unknown[] };
    migrations?: {
      image?: { reference: string };
      command?: { image: string; env?: readonly unknown[]; envFrom?: readonly unknown[] };
    };
  };
}

/**
 * A sentence about the first value that the configuration of the operator does not allow; undefined if all are allowed.
 */
export function notAllowed({ spec }: RestrictedResource, allowed: Allowed): string | undefined {
  const { runner, migrations } = spec;
  return (
    firstOutside(allowed.images, '--allowed-images', {
      'spec.runner.image': runner?.image,
      'spec.migrations.image.reference': migrations?.image?.reference,
      'spec.migrations.command.image': migrations?.command?.image,
    }) ??
    firstOutside(allowed.serviceAccounts, '--allowed-service-accounts', {
      'spec.runner.serviceAccountName': runner?.serviceAccountName,
    }) ??
    firstOutside(allowed.priorityClasses, '--allowed-priority-classes', {
      'spec.runner.priorityClassName': runner?.priorityClassName,
    }) ??
    firstOutside(allowed.sources, '--allowed-sources', sourcesOf(spec))
  );
}

function firstOutside(
  patterns: readonly string[] | undefined,
  flag: string,
  values: Record<string, string | undefined>,
): string | undefined {
  if (patterns === undefined) return undefined;
  for (const [field, value] of Object.entries(values)) {
    if (value === undefined || patterns.some((pattern) => matches(pattern, value))) continue;
    return `${field} is "${clip(value, 200)}", which the operator does not allow (${flag}). Change it, or ask the administrator of the operator.`;
  }
  return undefined;
}

/** Every Secret that a field names, under the path of the field. A field that is added later is found too. */
function sourcesOf(spec: RestrictedResource['spec']): Record<string, string | undefined> {
  const found: Record<string, string | undefined> = {};
  const walk = (path: string, value: unknown) => {
    if (typeof value !== 'object' || value === null) return;
    const { secretKeyRef, secretRef } = value as Record<string, { name?: unknown } | undefined>;
    const secret = secretKeyRef ?? secretRef;
    if (secret !== undefined) found[path] = `secret/${secret.name}`;
    for (const [name, each] of Object.entries(value))
      walk(Array.isArray(value) ? `${path}[${name}]` : `${path}.${name}`, each);
  };
  // The operator reads the Secrets of a notification, not the pod.
  const { runner, notify: _, ...rest } = spec as typeof spec & { notify?: unknown };
  walk('spec', rest);
  for (const [index, each] of (runner?.env ?? []).entries()) found[`spec.runner.env[${index}]`] = envSource(each);
  const { env = [], envFrom = [] } = spec.migrations?.command ?? {};
  for (const [index, each] of env.entries()) found[`spec.migrations.command.env[${index}]`] = envSource(each);
  for (const [index, each] of envFrom.entries()) found[`spec.migrations.command.envFrom[${index}]`] = wholeSource(each);
  return found;
}

/** `env` is not part of our schema: a source of a kind that is not known here is never allowed. */
function envSource(each: unknown): string | undefined {
  const { valueFrom } = (each ?? {}) as { valueFrom?: Record<string, { name?: unknown } | undefined> | null };
  if (valueFrom === undefined || valueFrom === null) return undefined;
  const { secretKeyRef, configMapKeyRef, fieldRef, resourceFieldRef } = valueFrom;
  if (secretKeyRef !== undefined) return `secret/${secretKeyRef?.name}`;
  if (configMapKeyRef !== undefined) return `configmap/${configMapKeyRef?.name}`;
  // About the pod itself.
  return fieldRef === undefined && resourceFieldRef === undefined ? 'unknown source' : undefined;
}

/** An entry of `envFrom`. */
function wholeSource(each: unknown): string {
  const { secretRef, configMapRef } = (each ?? {}) as Record<string, { name?: unknown } | undefined>;
  if (secretRef !== undefined) return `secret/${secretRef?.name}`;
  return configMapRef === undefined ? 'unknown source' : `configmap/${configMapRef?.name}`;
}

/** Whether a text matches a pattern in which `*` is any text. The time grows with the product of both lengths at most. */
function matches(pattern: string, text: string): boolean {
  let [p, t, star, after] = [0, 0, -1, 0];
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p;
      after = t;
      p += 1;
    } else if (pattern[p] === text[t]) {
      p += 1;
      t += 1;
    } else if (star >= 0) {
      p = star + 1;
      after += 1;
      t = after;
    } else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}
