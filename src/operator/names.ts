/** Labels and annotations by which the controller finds the objects that it created. */
export const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'db-manager' } as const;
export const MANAGED_SELECTOR = 'app.kubernetes.io/managed-by=db-manager';
/** Jobs of the kinds next to DatabaseMigration, which the controller of migrations does not follow. */
export const TASK_MANAGED_BY = { 'app.kubernetes.io/managed-by': 'db-manager-tasks' } as const;
export const TASK_SELECTOR = 'app.kubernetes.io/managed-by=db-manager-tasks';
/** Jobs of drift checks, which are no runs either. */
export const DRIFT_MANAGED_BY = { 'app.kubernetes.io/managed-by': 'db-manager-drift' } as const;
export const DRIFT_SELECTOR = 'app.kubernetes.io/managed-by=db-manager-drift';
export const FIELD_MANAGER = 'db-manager';

export const LABELS = {
  owner: 'db-manager.dev/uid',
  database: 'db-manager.dev/database',
  /** For users: `kubectl get jobs -l db-manager.dev/name=orders`. */
  name: 'db-manager.dev/name',
} as const;

export const ANNOTATIONS = {
  resource: 'db-manager.dev/resource',
  run: 'db-manager.dev/run',
  attempt: 'db-manager.dev/attempt',
  inputs: 'db-manager.dev/inputs',
  generation: 'db-manager.dev/generation',
  references: 'db-manager.dev/references',
} as const;

export const RUNNER_CONTAINER = 'runner';

/** Mount paths of the volumes in the pod of a run. */
export const MOUNTS = {
  database: '/data/database',
  backups: '/data/backups',
  migrations: '/migrations',
  files: '/data/files',
  temporary: '/tmp',
  command: '/db-manager',
} as const;

export const VARIABLES = {
  url: 'DATABASE_URL',
  password: 'DATABASE_PASSWORD',
  /** Files with the same, which the kubelet renews when the Secret changes. */
  urlFile: 'DATABASE_URL_FILE',
  passwordFile: 'DATABASE_PASSWORD_FILE',
  pod: 'DB_MANAGER_POD',
  image: 'DB_MANAGER_IMAGE',
} as const;

/** The namespace in a key of the form `namespace/name`. */
export function namespaceOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}
