/** The Jobs of backups and restores: what their pods do, and the slots that they hold. */
import type { V1Pod } from '@kubernetes/client-node';
import type { Api } from '../../controller-runtime/api.ts';
import { Store } from '../../controller-runtime/store.ts';
import { taskReportSchema } from '../../core/model/task.ts';
import { podFailureReason } from '../../core/reconcile/pod-trouble.ts';
import type { Resource, TaskState } from '../../kinds/kind.ts';
import { LABELS } from '../names.ts';
import { reportIn } from '../run-log.ts';
import { type JobRecord, jobRecord, podRecord } from '../run-records.ts';
import { START_MS, type Task } from '../slots.ts';

/** The last observation of the pod of a Job. `ended`: it has reported, even if its Job is not complete yet. */
type PodState = Task['state'] | 'ended';

export class TaskJobs {
  readonly store: Store<JobRecord>;
  readonly #pods = new Map<string, PodState>();

  /** `changed` receives the key of the resource of a Job; `freed` is called when a Job holds its slot no longer. */
  constructor(changed: (key: string) => void, freed: () => void) {
    this.store = new Store<JobRecord>({
      keep: jobRecord,
      index: ({ owner }) => owner,
      onChange: ({ key, before, after }) => {
        if (after === undefined) this.#pods.delete(key);
        changed((after ?? before)?.resource ?? '');
        if (before?.state === 'active' && after?.state !== 'active') freed();
      },
    });
  }

  /** The Job of a resource with the report of its pod. */
  async stateOf(api: Api, { metadata }: Resource, name: string): Promise<TaskState | undefined> {
    const job = this.store.by(metadata.uid ?? '').find((each) => each.name === name);
    if (job === undefined) return undefined;
    const { items } = await api.request<{ items: V1Pod[] }>({
      verb: 'list',
      path: `/api/v1/namespaces/${job.namespace}/pods`,
      query: { labelSelector: `${LABELS.owner}=${metadata.uid}` },
    });
    // Not a pod of another owner with the same label.
    const own = items.find(({ metadata }) => metadata?.ownerReferences?.some(({ uid }) => uid === job.uid));
    const record = own === undefined ? undefined : podRecord(own as never);
    const report = reportIn(record?.terminationMessage, taskReportSchema);
    const trouble = record === undefined ? undefined : podFailureReason({ pod: record.pod });
    const state = record?.pod.started === true ? 'running' : trouble === undefined ? 'starting' : 'waiting';
    this.#pods.set(`${job.namespace}/${job.name}`, report === undefined ? state : 'ended');
    return {
      state: job.state,
      ...(report === undefined ? {} : { report }),
      ...(trouble === undefined ? {} : { waiting: trouble }),
    };
  }

  /** The Jobs that hold a slot. */
  *active(now: Date): Generator<Task> {
    for (const job of this.store.values()) {
      const seen = this.#pods.get(`${job.namespace}/${job.name}`) ?? 'starting';
      if (job.state !== 'active' || seen === 'ended') continue;
      const late = now.getTime() - Date.parse(job.createdAt) > START_MS;
      const [namespace = '', kind = '', name = ''] = job.resource.split('/');
      yield { namespace, kind, name, database: job.database, state: seen === 'starting' && late ? 'waiting' : seen };
    }
  }
}
