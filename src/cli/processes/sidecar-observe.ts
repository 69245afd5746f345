import { createHash, randomUUID } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseMigration, DatabaseMigrationStatus } from '../../core/model/resource.ts';
import { canonical, inputsDigest } from '../../core/reconcile/inputs.ts';
import type { Observed, ObservedRun } from '../../core/reconcile/observed.ts';
import { type SidecarForm, sidecarConflict } from '../../core/reconcile/sidecar.ts';
import { readManifest } from '../manifest.ts';
import { type SidecarPlaces, sidecarPlacement } from './sidecar-paths.ts';

/**
 * What a sidecar observes: a manifest and a folder of migrations. It keeps what the API server keeps for the operator:
 * the UID, the generation, the status and the last run.
 */
export class FileObserver {
  status: DatabaseMigrationStatus | undefined;
  run: ObservedRun | undefined;
  readonly #file: string;
  readonly #places: SidecarPlaces;
  readonly #form: SidecarForm;
  /** Another process is another resource, so that a new container starts a run. */
  readonly #uid = randomUUID();
  #generation = 0;
  #spec = '';

  constructor(file: string, places: SidecarPlaces, form: SidecarForm) {
    this.#file = file;
    this.#places = places;
    this.#form = form;
  }

  /** Throws ProblemError InvalidConfiguration for a manifest that cannot be read. */
  async observe(): Promise<Observed> {
    const manifest = await readManifest(this.#file);
    const resource = { ...manifest, metadata: this.#metadata(manifest), status: this.status };
    const { migrationsFolder } = sidecarPlacement(resource, this.#places);
    const unsupported = sidecarConflict(resource.spec, this.#form);
    return {
      controller: 'sidecar',
      resource,
      ...(unsupported === undefined ? {} : { unsupported }),
      inputs: inputsDigest(resource, [{ name: 'migrations', version: await versionOfFolder(migrationsFolder) }]),
      missingSources: [],
      dependencies: [],
      ...(this.run === undefined ? {} : { run: this.run }),
      slot: { kind: 'free' },
    };
  }

  #metadata({ metadata, spec }: DatabaseMigration): DatabaseMigration['metadata'] {
    const text = canonical(spec);
    if (text !== this.#spec) {
      this.#spec = text;
      this.#generation += 1;
    }
    return { ...metadata, uid: this.#uid, generation: this.#generation };
  }
}

/**
 * Name, size and time of every migration, as one digest. The kubelet replaces a mounted ConfigMap as a whole, within
 * about a minute of its change. A file that cannot be read counts as absent; the run reports the error.
 */
async function versionOfFolder(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  for (const name of names.filter((each) => !each.startsWith('..')).sort()) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    hash.update(`${name} ${found?.size} ${found?.mtimeMs} ${found?.ino}\n`);
  }
  return hash.digest('hex');
}
