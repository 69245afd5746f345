/** One resource and what its cluster shows, for feeding sequences of observations to `assess` and `decide`. */
import type { Reason } from '../../../src/core/model/reason.ts';
import type { RunReport, StepReport } from '../../../src/core/model/report.ts';
import {
  type DatabaseMigration,
  type DatabaseMigrationStatus,
  databaseMigrationSchema,
} from '../../../src/core/model/resource.ts';
import type { StepName } from '../../../src/core/model/step.ts';
import { assess } from '../../../src/core/reconcile/assess.ts';
import { type Decision, decide, eventsIn, FINALIZER, statusIn } from '../../../src/core/reconcile/decide.ts';
import { configMapsOf, inputsDigest } from '../../../src/core/reconcile/inputs.ts';
import {
  type Dependency,
  EMPTY_LOG,
  type Observed,
  type ObservedPod,
  type ObservedRun,
  type Refusal,
} from '../../../src/core/reconcile/observed.ts';
import type { Assessed, EventRecord } from '../../../src/core/reconcile/situation.ts';

export const START = new Date('2024-06-01T12:00:00Z');

export function resource(spec: object = {}, metadata: object = {}): DatabaseMigration {
  return databaseMigrationSchema.parse({
    apiVersion: 'db-manager.dev/v1alpha1',
    kind: 'DatabaseMigration',
    metadata: { name: 'bot', namespace: 'trading', uid: 'u-1', generation: 1, ...metadata },
    spec: {
      database: { sqlite: { volume: { claimName: 'bot' }, path: 'bot.db' } },
      migrations: { configMaps: [{ name: 'migrations' }] },
      backup: { volume: { claimName: 'backups' } },
      ...spec,
    },
  });
}

export class World {
  now = START;
  controller: Observed['controller'] = 'operator';
  unsupported: string | undefined;
  resource: DatabaseMigration;
  configMaps = new Map<string, string>([['migrations', '1']]);
  dependencies: Dependency[] = [];
  refusal: Refusal | undefined;
  databaseInUseBy: Observed['databaseInUseBy'];
  slot: Observed['slot'] = { kind: 'free' };
  run: ObservedRun | undefined;
  withdrawn: string | undefined;
  /** The pod starts in the moment in which its Job is deleted. */
  startsLate = false;
  references: string | undefined;
  claims = 0;
  jobs: string[] = [];

  constructor(spec: object = {}) {
    this.resource = resource(spec);
  }

  observed(): Observed {
    const names = configMapsOf(this.resource.spec);
    return {
      controller: this.controller,
      ...(this.unsupported === undefined ? {} : { unsupported: this.unsupported }),
      resource: this.resource,
      inputs: inputsDigest(
        this.resource,
        names.map((name) => ({ name, version: this.configMaps.get(name) })),
      ),
      missingSources: names.filter((name) => !this.configMaps.has(name)),
      dependencies: this.dependencies,
      ...(this.references === undefined ? {} : { references: this.references }),
      ...(this.run === undefined ? {} : { run: this.run }),
      ...(this.withdrawn === undefined ? {} : { withdrawn: this.withdrawn }),
      ...(this.refusal === undefined ? {} : { refusal: this.refusal }),
      ...(this.databaseInUseBy === undefined ? {} : { databaseInUseBy: this.databaseInUseBy }),
      slot: this.slot,
    };
  }

  /** Looks once, decides, and does it. */
  step(): Decision & { kind: Assessed['kind']; events: EventRecord[]; status?: DatabaseMigrationStatus } {
    const assessed = assess(this.observed(), this.now);
    const decision = decide(assessed);
    for (const action of decision.actions) {
      const { metadata } = this.resource;
      if (action.kind === 'addFinalizer') this.metadata({ finalizers: [FINALIZER] });
      if (action.kind === 'removeFinalizer')
        this.metadata({ finalizers: metadata.finalizers?.filter((f) => f !== FINALIZER) });
      if (action.kind === 'writeStatus') this.resource = { ...this.resource, status: action.status };
      if (action.kind === 'createClaim') this.claims += 1;
      if (action.kind === 'deleteJob') {
        this.withdrawn = action.job;
        if (!this.startsLate) this.run = undefined;
        else if (this.run?.state === 'active') this.run = { ...this.pod({ started: true }).open(), state: 'gone' };
      }
      if (action.kind === 'createJob') {
        this.jobs.push(action.run.job);
        this.run = { ...action.run, createdAt: this.now.toISOString(), state: 'active', log: EMPTY_LOG };
      }
    }
    return { ...decision, status: statusIn(decision), events: eventsIn(decision), kind: assessed.kind };
  }

  /** Steps until nothing changes; the kinds that were passed through. */
  settle(): Assessed['kind'][] {
    const kinds: Assessed['kind'][] = [];
    for (let i = 0; i < 20; i += 1) {
      const { kind, status, actions, requeueAfter } = this.step();
      kinds.push(kind);
      if (status === undefined && actions.length === 0 && requeueAfter !== 0) return kinds;
    }
    throw new Error(`does not settle: ${kinds.join(', ')}`);
  }

  later(seconds: number): this {
    this.now = new Date(this.now.getTime() + seconds * 1000);
    return this;
  }

  edit(spec: object): this {
    const { generation = 1 } = this.resource.metadata;
    this.resource = { ...this.resource, spec: { ...this.resource.spec, ...spec } };
    return this.metadata({ generation: generation + 1 });
  }

  metadata(change: Partial<DatabaseMigration['metadata']>): this {
    this.resource = { ...this.resource, metadata: { ...this.resource.metadata, ...change } };
    return this;
  }

  pod(change: Partial<ObservedPod>): this {
    this.run = { ...this.open(), pod: { name: 'pod', started: false, ...this.run?.pod, ...change } };
    return this;
  }

  /** The pod runs and has reported these steps as done. */
  says(...steps: StepName[]): this {
    this.pod({ started: true });
    this.run = {
      ...this.open(),
      log: { ...EMPTY_LOG, steps: steps.map((step) => stepDone(step)), step: steps.at(-1) },
    };
    return this;
  }

  reports(change: Partial<RunReport> = {}): this {
    this.pod({ started: true });
    const run = this.open();
    this.run = { ...run, log: { ...run.log, report: report(run, this.now, change), complete: true } };
    return this;
  }

  fails(reason: Reason, retry: 'safe' | 'never', change: Partial<RunReport> = {}): this {
    const message = `it went wrong: ${reason}`;
    return this.reports({ result: 'failed', reason, retry, message, failure: { reason, message }, ...change });
  }

  condition(type: string) {
    return this.resource.status?.conditions?.find((each) => each.type === type);
  }

  open(): ObservedRun {
    if (this.run === undefined) throw new Error('there is no run');
    return this.run;
  }
}

export function stepDone(step: StepName, change: Partial<StepReport> = {}): StepReport {
  return { step, kind: 'done', message: `${step} is done`, at: START.toISOString(), seconds: 0.1, ...change };
}

export function report(
  { id, attempt }: { id: string; attempt: number },
  at: Date,
  change: Partial<RunReport> = {},
): RunReport {
  return {
    version: 1,
    runId: id,
    attempt,
    toolVersion: '0.1.0',
    startedAt: at.toISOString(),
    finishedAt: at.toISOString(),
    result: 'succeeded',
    reason: 'Migrated',
    message: '2 migrations applied; the database is at 2_b.',
    retry: 'never',
    touched: true,
    dryRun: false,
    steps: WHOLE_RUN.map((step) => stepDone(step)),
    database: 'sqlite:/data/database/bot.db',
    currentRevision: '2_b',
    targetRevision: '2_b',
    pending: 0,
    plan: { digest: `sha256:${'a'.repeat(64)}`, direction: 'up', migrations: ['1_a', '2_b'] },
    applied: [],
    ...change,
  };
}

export const WHOLE_RUN: StepName[] = [
  'load',
  'connect',
  'inspect',
  'plan',
  'check',
  'approve',
  'lock',
  'confirm',
  'validateBefore',
  'backup',
  'rehearse',
  'apply',
  'verify',
  'prune',
];
