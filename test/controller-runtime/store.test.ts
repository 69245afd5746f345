import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { resourceOf } from '../../src/controller-runtime/api.ts';
import { linesOf } from '../../src/controller-runtime/lines.ts';
import { Store } from '../../src/controller-runtime/store.ts';
import { RunLogReader, reportOf } from '../../src/operator/run-log.ts';
import { report, START } from '../core/reconcile/reconcile-harness.ts';

describe('the store', () => {
  const object = (name: string, version: number, owner?: string) => ({
    metadata: { name, namespace: 'n', resourceVersion: `${version}`, ...(owner && { labels: { owner } }) },
  });
  const storeOf = () => {
    const changes: string[] = [];
    const store = new Store<{ version: string; owner?: string }>({
      keep: ({ metadata }) => ({ version: metadata.resourceVersion ?? '', owner: metadata.labels?.owner }),
      index: ({ owner }) => owner,
      onChange: ({ key, before, after }) => changes.push(`${key} ${before?.version ?? '-'}>${after?.version ?? '-'}`),
    });
    return { store, changes };
  };

  it('takes the answer to our own write, and is not set back by a late watch', () => {
    const { store, changes } = storeOf();
    store.put(object('a', 9));
    store.put(object('a', 10));
    store.put(object('a', 9));
    store.put(object('a', 10));
    assert.deepEqual(changes, ['n/a ->9', 'n/a 9>10']);
  });

  it('takes a list page by page, and lets go of what is not in it at its end only', () => {
    const { store, changes } = storeOf();
    store.replace('list', [object('a', 1), object('b', 2)]);
    const replacement = store.beginReplace('list');
    replacement.add([object('b', 2)]);
    replacement.add([object('c', 7)]);
    assert.equal(store.size, 3);
    replacement.end();
    assert.deepEqual(changes, ['n/a ->1', 'n/b ->2', 'n/c ->7', 'n/a 1>-']);
  });

  it('does not bring back what was deleted by the answer to an older write', () => {
    const { store } = storeOf();
    store.put(object('a', 9));
    store.remove(object('a', 12));
    store.put(object('a', 11));
    assert.equal(store.get('n/a'), undefined);
    store.put(object('a', 13));
    assert.equal(store.get('n/a')?.version, '13', 'made again under the same name');
  });

  it('returns the difference between its objects and a new list, including deletions', () => {
    const { store, changes } = storeOf();
    store.replace('list', [object('a', 1), object('b', 2)]);
    changes.length = 0;
    store.replace('list', [object('b', 2), object('c', 3)]);
    assert.deepEqual(changes.sort(), ['n/a 1>-', 'n/c ->3']);
    assert.ok(store.hasSynced(['list']));
    assert.ok(!store.hasSynced(['list', 'other']));
  });

  it('keeps objects of another source when one list arrives', () => {
    const { store } = storeOf();
    store.replace('one', [object('a', 1)]);
    store.replace('two', [object('b', 2)]);
    store.replace('two', []);
    assert.deepEqual([...store.keys()], ['n/a']);
  });

  it('finds objects by their second key, also after it changed', () => {
    const { store } = storeOf();
    store.put(object('a', 1, 'x'));
    store.put(object('b', 2, 'x'));
    store.put(object('a', 3, 'y'));
    assert.deepEqual(
      store.by('x').map(({ version }) => version),
      ['2'],
    );
    store.remove(object('a', 4));
    assert.deepEqual(store.by('y'), []);
  });
});

describe('the lines of a stream', () => {
  const collect = async (chunks: (string | Buffer)[]) => {
    const lines: string[] = [];
    for await (const line of linesOf(Readable.from(chunks, { objectMode: false }))) lines.push(line);
    return lines;
  };

  it('are complete, for any boundaries of the chunks', async () => {
    const bytes = Buffer.from('één\ntwo\nthree');
    assert.deepEqual(await collect([...bytes].map((byte) => Buffer.from([byte]))), ['één', 'two', 'three']);
  });

  it('end with an error when the stream breaks off, instead of never', async () => {
    const stream = new Readable({ read() {} });
    stream.push('one\ntw');
    setImmediate(() => stream.destroy(new Error('reset')));
    await assert.rejects(async () => {
      for await (const _ of linesOf(stream));
    }, /reset/);
  });
});

describe("the log of a run's pod", () => {
  const line = (event: object) => JSON.stringify(event);
  const step = { step: 'load', kind: 'done', message: 'm', at: START.toISOString(), seconds: 1 } as const;

  it('is read again from its start without a difference', () => {
    const reader = new RunLogReader('r');
    const lines = [
      line({ type: 'started', runId: 'r', step: 'load', at: '' }),
      line({ type: 'step', runId: 'r', report: step }),
      'printed by a migration',
      line({ type: 'report', report: report({ id: 'r', attempt: 1 }, START) }),
    ];
    for (const each of lines) reader.read(each);
    const once = reader.snapshot();
    reader.restart();
    for (const each of lines) reader.read(each);
    assert.deepEqual(reader.snapshot(), once);
    assert.equal(once.steps.length, 1);
    assert.deepEqual(once.tail, ['printed by a migration']);
  });

  it('is believed about this run only', () => {
    const reader = new RunLogReader('r');
    reader.read(line({ type: 'report', report: report({ id: 'another', attempt: 1 }, START) }));
    reader.read('{"type":"report","report":{"runId":"r"}}');
    assert.equal(reader.snapshot().report, undefined);
    assert.equal(reportOf(JSON.stringify(report({ id: 'another', attempt: 1 }, START)), 'r'), undefined);
    assert.equal(reportOf('{"half":', 'r'), undefined);
  });

  it('keeps twenty lines of what else was printed, without the password of a URL', () => {
    const reader = new RunLogReader('r');
    for (let i = 0; i < 30; i += 1) reader.read(`line ${i}`);
    reader.read('connect postgres://app:hunter2@db:5432/x failed');
    const { tail } = reader.snapshot();
    assert.equal(tail.length, 20);
    assert.equal(tail.at(-1), 'connect postgres://app:***@db:5432/x failed');
  });
});

describe('the resource of a request', () => {
  const cases = {
    '/api/v1/pods': 'pods',
    '/api/v1/namespaces/x/pods/y/log': 'pods/log',
    '/apis/batch/v1/namespaces/x/jobs': 'jobs',
    '/apis/db-manager.dev/v1alpha1/namespaces/x/databasemigrations/y/status': 'databasemigrations/status',
    '/apis/coordination.k8s.io/v1/namespaces/x/leases/y': 'leases',
    '/healthz': 'unknown',
  };
  for (const [path, resource] of Object.entries(cases))
    it(`${path}: ${resource}`, () => assert.equal(resourceOf(path), resource));
});
