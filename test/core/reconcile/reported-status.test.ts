/** The parts of a status that come from a report, each as a whole, at the limits of its lists and texts. */
import assert from 'node:assert/strict';
import type { Finding } from '../../../src/core/model/finding.ts';
import type { RunReport } from '../../../src/core/model/report.ts';
import type { DatabaseMigrationStatus } from '../../../src/core/model/resource.ts';
import { safetyStatus } from '../../../src/core/reconcile/safety-status.ts';
import { type RunFacts, statusFromReport } from '../../../src/core/reconcile/status-from-report.ts';
import { report, resource, START } from './reconcile-harness.ts';

const RUN = { id: 'bot-1', attempt: 1 };
const statusOf = (change: Partial<RunReport> = {}, facts: RunFacts = {}, before: DatabaseMigrationStatus = {}) =>
  JSON.parse(
    JSON.stringify(statusFromReport({ ...resource(), status: before }, report(RUN, START, change), START, facts)),
  ) as DatabaseMigrationStatus;
const names = (count: number) => Array.from({ length: count }, (_, at) => `${at + 1}_m`);
const failed = { result: 'failed', reason: 'MigrationFailed', message: 'boom', retry: 'never' } as const;

describe('the plan of a status', () => {
  const of = (count: number, more: number | undefined, change: Partial<RunReport> = {}) =>
    statusOf({ plan: { digest: 'd', direction: 'up', migrations: names(count), ...(more && { more }) }, ...change })
      .plan;

  it('lists three migrations of a plan that is done, and all while it may be reviewed', () => {
    const plan = { digest: 'd', direction: 'up' };
    assert.deepEqual(of(3, undefined), { ...plan, migrations: names(3) });
    assert.deepEqual(of(4, undefined), { ...plan, migrations: names(3), more: 1 });
    assert.deepEqual(of(4, 7), { ...plan, migrations: names(3), more: 8 });
    assert.deepEqual(of(4, undefined, failed), { ...plan, migrations: names(4) });
    assert.deepEqual(of(50, 7, failed), { ...plan, migrations: names(50), more: 7 });
    assert.deepEqual(of(51, 7, failed), { ...plan, migrations: names(50), more: 8 });
  });

  it('is the last one where the run made none', () => {
    const plan = { digest: 'd', direction: 'down', migrations: ['1_a'] } as const;
    const before = { plan: { ...plan, migrations: ['1_a'] } };
    assert.deepEqual(statusOf({ ...failed, plan: undefined }, {}, before).plan, plan);
  });
});

describe('what a status keeps of the one before', () => {
  const before: DatabaseMigrationStatus = {
    database: 'postgres:old',
    currentRevision: '1_a',
    targetRevision: '1_a',
    pending: 4,
    backup: {
      name: 'b',
      path: '/b',
      sizeBytes: 1,
      sha256: 'x',
      takenAt: '2024-06-01T11:00:00Z',
      verifiedBy: 'Checksum',
    },
    rehearsal: { result: 'Full', seconds: 1, roundTrip: 'passed', migrations: [] },
    failure: { reason: 'LockHeld', message: 'held' },
    schema: { after: ['x'] },
    report: '/old.json',
    reportPage: '/old.html',
  };
  const unknown = { database: undefined, currentRevision: undefined, targetRevision: undefined, pending: undefined };
  const picked = (change: Partial<RunReport>) => {
    const { database, currentRevision, targetRevision, pending, backup, rehearsal, ...rest } = statusOf(
      change,
      {},
      before,
    );
    const { failure, schema, report: whole, reportPage } = rest;
    return [
      [database, currentRevision, targetRevision, pending, backup],
      [rehearsal, failure, schema, whole, reportPage],
    ];
  };

  it('is what the run did not find out, but nothing of what the last run did', () => {
    const kept = [before.database, '1_a', '1_a', 4, before.backup];
    assert.deepEqual(picked({ ...failed, ...unknown }), [
      kept,
      [undefined, { reason: 'MigrationFailed', message: 'boom' }, undefined, undefined, undefined],
    ]);
    assert.deepEqual(picked({}), [
      ['sqlite:/data/database/bot.db', '2_b', '2_b', 0, before.backup],
      [undefined, undefined, undefined, undefined, undefined],
    ]);
  });

  it('is the last rehearsal only where nothing was planned', () => {
    const empty = { digest: 'd', direction: 'up', migrations: [] } as const;
    assert.deepEqual(picked({ plan: { ...empty, migrations: [] } })[1]?.[0], before.rehearsal);
    assert.deepEqual(picked({ plan: { ...empty, migrations: [], more: 2 } })[1]?.[0], undefined);
    assert.deepEqual(picked({ plan: { ...empty, migrations: ['1_a'] } })[1]?.[0], undefined);
    assert.deepEqual(picked({ plan: undefined })[1]?.[0], undefined);
  });
});

describe('the history of a status', () => {
  const entry = (run: string, from?: string) => ({
    run,
    ...(from && { from }),
    result: 'succeeded' as const,
    reason: 'Migrated',
    startedAt: '2024-06-01T12:00:00Z',
    finishedAt: '2024-06-01T12:00:00Z',
  });
  const now = { ...entry('bot-1'), to: '2_b' };

  it('begins where the last run ended, also where the end of a run is recorded again', () => {
    assert.deepEqual(statusOf().history, [now]);
    assert.deepEqual(statusOf({}, {}, { currentRevision: '1_a', history: [entry('bot-0')] }).history, [
      { ...now, from: '1_a' },
      entry('bot-0'),
    ]);
    const again = { currentRevision: '2_b', history: [entry('bot-1', '1_a'), entry('bot-0', 'base')] };
    assert.deepEqual(statusOf({}, {}, again).history, [{ ...now, from: '1_a' }, entry('bot-0', 'base')]);
  });
});

describe('the failure of a status', () => {
  it('has the place, and the last 20 lines of the pod, cut at 300 characters', () => {
    const position = { file: '2_b.sql', line: 3, column: 5 };
    const failure = {
      reason: 'MigrationFailed',
      message: 'm'.repeat(1_025),
      migration: 'n'.repeat(301),
      statement: 's'.repeat(2_049),
      position,
      code: '42P01',
    } as const;
    const log = Array.from({ length: 21 }, (_, at) => `${at}${'x'.repeat(300)}`);
    assert.deepEqual(statusOf({ ...failed, failure }, { log }).failure, {
      reason: 'MigrationFailed',
      message: `${'m'.repeat(1_023)}…`,
      migration: `${'n'.repeat(299)}…`,
      statement: `${'s'.repeat(2_047)}…`,
      position,
      code: '42P01',
      log: log.slice(1).map((line) => `${line.slice(0, 299)}…`),
    });
    assert.deepEqual(statusOf(failed, { log: ['x'] }).failure?.log, ['x']);
    assert.deepEqual(statusOf(failed, { log: [] }).failure, { reason: 'MigrationFailed', message: 'boom' });
  });

  it('is none while a plan waits for approval', () => {
    const waiting = { result: 'blocked', reason: 'AwaitingApproval', message: 'Approve it.', steps: [] } as const;
    const { failure, conditions, run } = statusOf({ ...waiting, steps: [] }, { job: 'j' });
    assert.deepEqual([failure, run?.retry], [undefined, 'never']);
    assert.deepEqual(
      conditions?.slice(7).map(({ type, status, reason, message }) => [type, status, reason, message]),
      [['Ready', 'False', 'AwaitingApproval', 'Approve it.']],
    );
  });
});

describe('the summary of a status', () => {
  const retryAt = new Date('2024-06-01T12:00:10Z');
  for (const [change, facts, summary] of [
    [{}, {}, 'Migrated'],
    [{ reason: 'DryRun', pending: 2 }, {}, 'DryRun: 2 to run'],
    [{ reason: 'DryRun', pending: undefined }, {}, 'DryRun'],
    [{ reason: 'UpToDate', pending: 2 }, {}, 'UpToDate'],
    [{ ...failed, retry: 'safe' }, { retryAt }, 'MigrationFailed: attempt 2 follows'],
    [{ ...failed, retry: 'safe' }, { retryAt, retryLimit: 3 }, 'MigrationFailed: attempt 2 of 4 follows'],
  ] as const) {
    it(summary, () => assert.equal(statusOf(change, facts).summary, summary));
  }
});

describe('the end of a run without a Job', () => {
  const conditions = (change: Partial<RunReport>, facts: RunFacts = {}) =>
    statusOf({ ...failed, steps: [], ...change }, facts)
      .conditions?.slice(7)
      .map(({ type, status, reason, message, observedGeneration }) =>
        [type, status, reason, message, observedGeneration].join(' | '),
      );
  const failure = { reason: 'MigrationFailed', message: 'boom', statement: 'DROP TABLE t' } as const;

  it('has its message, without a place and without advice for a cluster', () => {
    assert.deepEqual(conditions({ failure }), [
      'Ready | False | MigrationFailed | boom | 1',
      'Stalled | True | MigrationFailed | boom | 1',
    ]);
    assert.deepEqual(conditions({ failure, retry: 'safe' }, { generation: 7 }), [
      'Ready | False | MigrationFailed | boom | 7',
      'Stalled | True | RetryLimitReached | boom | 7',
    ]);
    assert.equal(
      conditions({ failure }, { job: 'j' })?.[0],
      'Ready | False | MigrationFailed | boom. Statement: DROP TABLE t. | 1',
    );
  });
});

describe('the backup of a status', () => {
  const of = (sizeBytes: number, takenAt = '2024-06-01T11:00:00.999Z') =>
    statusOf({ backup: { name: 'b', path: '/b', sizeBytes, sha256: 'x', takenAt, verifiedBy: 'Rehearsal' } }).backup;

  it('has a size that the API server accepts, and a time', () => {
    assert.deepEqual(
      [-1, 0, 1.9, 1e300].map((size) => of(size)?.sizeBytes),
      [0, 0, 1, Number.MAX_SAFE_INTEGER],
    );
    assert.deepEqual([of(1)?.takenAt, of(1, 'x')?.takenAt], ['2024-06-01T11:00:00Z', '1970-01-01T00:00:00Z']);
    assert.equal(of(1)?.verifiedBy, 'Rehearsal');
  });
});

describe('the rehearsal of a status', () => {
  const effect = (revision: string, seconds: number) => ({
    revision,
    seconds,
    statements: 1,
    locks: [],
    rewrites: [],
    rows: [],
  });
  const of = (seconds: readonly number[], change: object = {}) =>
    statusOf({
      rehearsal: {
        result: 'Full',
        message: 'm',
        seconds: 1.005_1,
        roundTrip: 'skipped',
        migrations: seconds.map((each, at) => effect(`${at}`, each)),
        ...change,
      },
    }).rehearsal;

  it('has the slowest five and the number of the others', () => {
    const line = (at: number, seconds: number) => `${at}: ${seconds} s, 1 statement`;
    const full = { result: 'Full', seconds: 1.01, roundTrip: 'skipped' };
    assert.deepEqual(of([1, 2, 3, 4, 5]), { ...full, migrations: [1, 2, 3, 4, 5].map((each, at) => line(at, each)) });
    assert.deepEqual(of([9, 1, 8, 7, 6, 5], { more: 2 }), {
      ...full,
      migrations: [line(0, 9), line(2, 8), line(3, 7), line(4, 6), line(5, 5)],
      more: 3,
    });
    assert.equal(of([9, 1, 8, 7, 6, 5])?.more, 1);
    assert.deepEqual(of([], { result: 'Failed' }), { ...full, result: 'Failed', message: 'm', migrations: [] });
  });
});

describe('the differences of a status', () => {
  it('are those of the lists that have some', () => {
    const schema = (before: string[] | undefined, after: string[] | undefined) =>
      statusOf({ schema: { ...(before && { before }), ...(after && { after }) } }).schema;
    assert.equal(schema(undefined, []), undefined);
    assert.equal(schema([], undefined), undefined);
    assert.deepEqual(schema(['x'], undefined), { before: ['x'] });
    assert.deepEqual(schema([], ['y']), { after: ['y'] });
    assert.equal(statusOf({ schema: undefined }).schema, undefined);
  });
});

describe('the findings of a status', () => {
  const finding = (rule: string, change: Partial<Finding> = {}): Finding => ({
    rule,
    severity: 'error',
    message: `${rule} message`,
    advice: `${rule} advice`,
    ...change,
  });
  const of = (
    findings: Finding[],
    checks: NonNullable<RunReport['safety']>['checks'] = [],
    counts?: RunReport['findings'],
  ) => safetyStatus(report(RUN, START, { safety: { result: 'Blocked', checks, findings }, findings: counts }));
  const shown = (rule: string, change: object = {}) => ({
    rule,
    severity: 'error',
    message: `${rule} message`,
    advice: `${rule} advice`,
    ...change,
  });

  it('are none without a check of the plan, and only its result where nothing was found', () => {
    assert.equal(safetyStatus(report(RUN, START)), undefined);
    assert.deepEqual(of([]), { result: 'Blocked', checks: [] });
    const counts = { error: 1, warning: 2, notice: 3 };
    assert.deepEqual(of([], [], counts), { result: 'Blocked', checks: [], counts });
  });

  it('have their place as far as it is known', () => {
    const position = { file: '1_a.sql', line: 3, column: 5 };
    assert.deepEqual(of([finding('a')])?.findings, [shown('a')]);
    assert.deepEqual(of([finding('a', { migration: '1_a' })])?.findings, [shown('a', { migration: '1_a', at: '1_a' })]);
    assert.deepEqual(of([finding('a', { migration: '1_a', position, statement: 'DROP' })])?.findings, [
      shown('a', { migration: '1_a', at: '1_a.sql:3:5', statement: 'DROP' }),
    ]);
  });

  it('are one entry for a rule and a severity, with ten other places', () => {
    const same = Array.from({ length: 12 }, (_, at) =>
      finding('a', { migration: `${at}`, statement: `DROP\n t${at}` }),
    );
    const status = of([...same, finding('a', { severity: 'warning' }), finding('b')]);
    assert.deepEqual(status?.findings, [
      shown('a', {
        migration: '0',
        at: '0',
        statement: 'DROP\n t0',
        also: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((at) => `${at}: DROP t${at}`),
      }),
      shown('a', { severity: 'warning' }),
      shown('b'),
    ]);
    assert.equal(status?.more, 1);
    assert.equal(of(same.slice(1))?.more, undefined);
    const long = of([finding('a'), finding('a', { message: 'x'.repeat(300) })])?.findings?.[0]?.also?.[0];
    assert.equal(long, `: ${'x'.repeat(197)}…`);
  });

  it('are twenty entries at most, and so are the notices', () => {
    const rules = (severity: Finding['severity']) =>
      Array.from({ length: 21 }, (_, at) => finding(`r${at}`, { severity }));
    const errors = of(rules('error'));
    assert.deepEqual([errors?.findings?.length, errors?.more, errors?.notices], [20, 1, undefined]);
    const notices = of(rules('notice'));
    assert.deepEqual([notices?.findings, notices?.more, notices?.notices?.length], [undefined, undefined, 20]);
    assert.equal(notices?.notices?.[0], 'r0: 1 notice');
  });

  it('follow the checks: twenty that did not pass, and the names of those that did', () => {
    const check = (name: string, result: 'passed' | 'failed') => ({ name, result, message: 'm' });
    const bad = Array.from({ length: 21 }, (_, at) => check(`c${at}`, 'failed'));
    assert.deepEqual(of([], [...bad, check('x', 'passed')])?.checks, [
      ...Array.from({ length: 20 }, (_, at) => `failed: c${at}: m`),
      '1 passed: x',
    ]);
    assert.deepEqual(of([], [check('a', 'failed')])?.checks, ['failed: a: m']);
  });
});
