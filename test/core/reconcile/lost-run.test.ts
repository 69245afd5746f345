import assert from 'node:assert/strict';
import { lostReport } from '../../../src/core/reconcile/lost-report.ts';
import { EMPTY_LOG, type ObservedPod, type ObservedRun } from '../../../src/core/reconcile/observed.ts';
import { podFailureReason } from '../../../src/core/reconcile/pod-trouble.ts';
import { runResult } from '../../../src/core/reconcile/run-result.ts';
import { START, stepDone } from './reconcile-harness.ts';

const RUN: ObservedRun = {
  id: 'bot-1',
  job: 'bot-1',
  attempt: 2,
  inputs: 'i',
  generation: 1,
  createdAt: '2024-06-01T11:00:00Z',
  state: 'failed',
  log: EMPTY_LOG,
};
const POD: ObservedPod = { name: 'bot-1-x', started: true };

/** The failure of a run that left no report, as `REASON: message`. */
function saidOf(change: Partial<ObservedRun>): string | undefined {
  const ending = runResult({ ...RUN, ...change }, START);
  return ending?.kind === 'lost' ? `${ending.reason}: ${ending.message}` : undefined;
}

describe('a run that left no report', () => {
  const log = { ...EMPTY_LOG, step: 'backup' as const };
  const cases: [what: string, change: Partial<ObservedRun>, said: string][] = [
    ['whose pod is gone', {}, 'RunLost: The pod disappeared before it could report.'],
    [
      'whose pod is gone, with what the Job says and the last step',
      { failure: { reason: 'BackoffLimitExceeded', message: 'Job has reached the limit' }, log },
      'RunLost: The pod disappeared before it could report (BackoffLimitExceeded: Job has reached the limit). The last step was backup.',
    ],
    [
      'whose pod was evicted',
      { pod: { ...POD, failure: { reason: 'Evicted', message: 'The node was low on resource: memory' } }, log },
      'RunLost: The pod bot-1-x failed before it could report: Evicted: The node was low on resource: memory. The last step was backup.',
    ],
    [
      'whose process was out of memory',
      { pod: { ...POD, terminated: { exitCode: 137, reason: 'OOMKilled' } } },
      'RunLost: The pod bot-1-x ended with exit code 137 (OOMKilled) without a report.',
    ],
    [
      'whose process was killed by a signal',
      { pod: { ...POD, terminated: { exitCode: 137, signal: 9 } } },
      'RunLost: The pod bot-1-x ended with signal 9 without a report.',
    ],
    [
      'whose Job ended while its pod says nothing',
      { state: 'complete', pod: POD },
      'RunLost: The Job is complete, but the pod bot-1-x did not report.',
    ],
    [
      'whose report cannot be read',
      { pod: { ...POD, spoke: true, terminated: { exitCode: 0 } } },
      'ReportUnreadable: The pod bot-1-x ended with exit code 0 without a report. The report cannot be read: it is not a valid report.',
    ],
    [
      'whose log cannot be read',
      { pod: { ...POD, terminated: { exitCode: 0 } }, log: { ...EMPTY_LOG, unreadable: 'the log was rotated' } },
      'ReportUnreadable: The pod bot-1-x ended with exit code 0 without a report. The report cannot be read: the log was rotated.',
    ],
    [
      'that took too long',
      { failure: { reason: 'DeadlineExceeded', message: '' }, pod: POD },
      'DeadlineExceeded: The run took longer than timeouts.run. The Job is failed, but the pod bot-1-x did not report.',
    ],
    [
      'that waited for its image until the deadline',
      {
        failure: { reason: 'DeadlineExceeded', message: '' },
        pod: { name: 'p', started: false, waiting: { reason: 'ImagePullBackOff', message: 'no such tag' } },
      },
      'ImagePullFailed: ImagePullBackOff: no such tag',
    ],
  ];
  for (const [what, change, said] of cases) it(`${what}: ${said}`, () => assert.equal(saidOf(change), said));

  it('counts as lost a minute after its pod had to be deleted from an unresponsive node, and not before', () => {
    const deleteBy = (seconds: number) => ({
      state: 'active' as const,
      pod: { ...POD, deleteBy: new Date(START.getTime() - seconds * 1000).toISOString() },
    });
    assert.equal(saidOf(deleteBy(60)), undefined);
    assert.match(
      saidOf(deleteBy(61)) ?? '',
      /^RunLost: The node is unresponsive; the pod bot-1-x was due to be deleted/,
    );
  });

  it('continues while its pod works, and while the end of its log is not read', () => {
    assert.equal(runResult({ ...RUN, state: 'active', pod: POD }, START), undefined);
    assert.equal(runResult({ ...RUN, state: 'active' }, START), undefined);
    const ended = { ...POD, terminated: { exitCode: 1, at: '2024-06-01T11:30:00Z' } };
    assert.equal(runResult({ ...RUN, state: 'active', pod: ended }, START), undefined);
    const read = runResult({ ...RUN, state: 'active', pod: ended, log: { ...EMPTY_LOG, complete: true } }, START);
    assert.ok(read?.kind === 'lost');
    assert.equal(read.at.toISOString(), '2024-06-01T11:30:00.000Z', 'it ended when its container ended');
    const timeless = runResult({ ...RUN, pod: { ...POD, terminated: { exitCode: 1 } } }, START);
    assert.ok(timeless?.kind === 'lost');
    assert.deepEqual(timeless.at, START, 'where the kubelet gives no time, it ended when that was seen');
  });

  const lost = (reason: 'RunLost' | 'DeadlineExceeded', run = RUN, began?: string) =>
    lostReport(run, { kind: 'lost', reason, message: 'm', at: START }, {
      run: { id: began === undefined ? 'another' : run.id, startedAt: began ?? '2024-06-01T10:00:00Z' },
    } as Parameters<typeof lostReport>[2]);

  it('gets one with what is known: when it began, its attempt, its steps', () => {
    const steps = [stepDone('load'), stepDone('connect')];
    const made = lost('RunLost', { ...RUN, log: { ...EMPTY_LOG, steps } }, '2024-06-01T11:05:00Z');
    assert.deepEqual(
      [made.startedAt, made.finishedAt, made.attempt, made.result, made.steps, made.applied],
      ['2024-06-01T11:05:00Z', START.toISOString(), 2, 'failed', steps, []],
    );
    assert.deepEqual([made.version, made.dryRun], [1, false]);
    assert.deepEqual(made.failure, { reason: 'RunLost', message: 'm' });
    assert.equal(lost('RunLost').startedAt, RUN.createdAt, 'the start of another run is not its own');
  });

  it('is tried again, but not where it would take too long again', () => {
    assert.equal(lost('RunLost').retry, 'safe');
    assert.equal(lost('DeadlineExceeded').retry, 'never');
  });

  it('may have touched the database once it has begun to apply, and not before', () => {
    const at = (change: Partial<ObservedRun['log']>) => lost('RunLost', { ...RUN, log: { ...EMPTY_LOG, ...change } });
    assert.equal(at({ step: 'rehearse', steps: [stepDone('backup')] }).touched, false);
    assert.equal(at({ step: 'apply' }).touched, true);
    assert.equal(at({ step: 'verify', steps: [stepDone('backup'), stepDone('apply')] }).touched, true);
  });
});

describe('a pod whose claims are not bound', () => {
  const unschedulable = '0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.';
  const said = (claims: string[] | undefined, storageClass?: string) =>
    podFailureReason({ pod: { name: 'p', started: false, unschedulable, claims } }, storageClass);

  it('names the claim, and the storage class of the one that the operator created', () => {
    assert.equal(
      said(['backups'], 'fast')?.message,
      `The claim backups is not bound to a volume. The claim for backups has the storage class fast. See: kubectl get pvc,storageclass. Scheduler: ${unschedulable}`,
    );
    assert.equal(
      said(['bot', 'backups'])?.message,
      `One of the claims bot, backups is not bound to a volume. See: kubectl get pvc,storageclass. Scheduler: ${unschedulable}`,
    );
    assert.equal(said(undefined)?.message, unschedulable);
  });

  it('has the message of the kubelet if an image or a Secret is missing', () => {
    for (const [reason, expected] of [
      ['InvalidImageName', 'ImagePullFailed'],
      ['ErrImageNeverPull', 'ImagePullFailed'],
      ['RegistryUnavailable', 'ImagePullFailed'],
      ['ImagePullBackOff', 'ImagePullFailed'],
    ] as const) {
      const pod = { name: 'p', started: false, waiting: { reason, message: 'why' } };
      assert.deepEqual(podFailureReason({ pod }), { reason: expected, message: `${reason}: why` });
    }
  });
});
