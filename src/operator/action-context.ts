import type { Api } from '../controller-runtime/api.ts';
import type { Caches } from './caches.ts';
import type { RunnerDefaults } from './manifests/job.ts';

/** What actions need to be carried out. */
export interface ActionContext {
  api: Api;
  caches: Caches;
  runner: RunnerDefaults;
  /** Called with the resource's key and the run whose Job is deleted, so that nothing may run for it. */
  onWithdrawn(key: string, job: string): void;
  /** Identity of this process, for events. */
  identity: string;
  now(): Date;
  /** Called if an event could not be written; nothing else depends on the event. */
  onEventError(error: unknown): void;
}
