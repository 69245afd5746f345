import type { DatabaseMigrationSpec } from '../model/resource.ts';

/** `once`: an init container, before the application starts. `continuous`: next to the running application. */
export type SidecarForm = 'once' | 'continuous';

/** A sentence about a setting that a sidecar does not support, with the change to make; undefined if there is none. */
export function sidecarConflict(spec: DatabaseMigrationSpec, form: SidecarForm): string | undefined {
  if (spec.execution !== 'Sidecar') {
    return 'spec.execution is Job, so the controller runs a Job for this resource. Set execution: Sidecar, or remove the sidecar.';
  }
  if (spec.dependsOn.length > 0) {
    return 'spec.dependsOn names other resources, but the sidecar does not use the API server. Remove it, or set execution: Job.';
  }
  if (form === 'continuous' && spec.onFailure === 'Restore') {
    return 'onFailure: Restore would discard what the application writes while the migration runs. Use Keep or Downgrade, or the init container (sidecar --once).';
  }
  return undefined;
}
