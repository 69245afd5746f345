import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api, ApiRequest } from '../../src/controller-runtime/api.ts';
import { linesOf } from '../../src/controller-runtime/lines.ts';
import type { RunReport } from '../../src/core/model/report.ts';
import { FREE_BYTES, LogFollowers } from '../../src/operator/logs.ts';
import { longestLine, RunLogReader, reportOf } from '../../src/operator/run-log.ts';
import { report as reportFor, START } from '../core/reconcile/reconcile-harness.ts';
import { assertLinear } from './growth.ts';

const RUN = { id: 'r', attempt: 1 };
const REPORT = JSON.stringify({ type: 'report', report: reportFor(RUN, START) });

/** What an API server answers for a pod's log: `text` as it streams, and its last lines where they are asked for. */
function apiOf(text: () => Iterable<string>, last: string, asked: ApiRequest[] = []): Api {
  return {
    request: () => Promise.reject(new Error('nothing else is asked')),
    stream: async (request) => {
      asked.push(request);
      const { tailLines } = request.query ?? {};
      const tail = last.split('\n').slice(-Number(tailLines) - 1);
      const lines = tailLines === undefined ? text() : [tail.join('\n').slice(0, Number(request.query?.limitBytes))];
      return Readable.from(lines, { objectMode: false, signal: request.signal }) as never;
    },
  };
}

async function followed(text: () => Iterable<string>, last: string) {
  const asked: ApiRequest[] = [];
  const logs = new LogFollowers(apiOf(text, last, asked), () => {});
  const pod = { namespace: 'n', name: 'p', resource: 'n/x', runId: 'r' };
  logs.follow(pod);
  while (!logs.end(pod)) await sleep(1);
  const log = logs.of('n/r');
  logs.stop();
  assert.ok(log !== undefined);
  return { log, asked };
}

function* repeated(text: string, times: number): Generator<string> {
  for (let n = 0; n < times; n += 1) yield text;
}

describe('the log of a hostile pod', () => {
  it('is read to its report behind six long lines of a-a-a- (C1)', async () => {
    const { log } = await followed(() => [`${'a-'.repeat(60_000)}\n`.repeat(6), `${REPORT}\n`], '');
    assert.equal(log.report?.runId, 'r');
    assert.equal(log.tail.length, 6);
    assert.ok(log.tail.every((line) => line.length <= 300));
  });

  it('is given up behind a line of 60 MB, and its report is read from its end (C2)', async () => {
    const { log, asked } = await followed(
      () => repeated('x'.repeat(60_000), 1_000),
      `${'x'.repeat(1_000)}\n${REPORT}\n`,
    );
    assert.equal(log.report?.runId, 'r');
    assert.match(log.unreadable ?? '', /longer than 2 MB/);
    assert.equal(asked.length, 2);
    assert.equal(asked[1]?.query?.tailLines, 12);
  });

  it('is given up behind lines that are longer than what is read of its end', async () => {
    const { log, asked } = await followed(
      () => repeated('x'.repeat(60_000), 1_000),
      `${`${'x'.repeat(1_000_000)}\n`.repeat(2)}${REPORT}\n`,
    );
    assert.equal(log.report?.runId, 'r');
    assert.deepEqual(
      asked.map(({ query }) => query?.tailLines),
      [undefined, 12, 1],
    );
  });

  it('is read no further than its limit, for any lines', async () => {
    let written = 0;
    const hostile = ['\n', '{\n', '{"type":"report",\n', `{"type":"step",${'['.repeat(900)}\n`, 'a://b:c'];
    for (const line of hostile) {
      written = 0;
      const { log } = await followed(function* () {
        for (;;) {
          const text = line.repeat(Math.ceil(60_000 / line.length));
          written += text.length;
          yield text;
        }
      }, 'no report');
      assert.ok(written < FREE_BYTES + 500_000, `${written} bytes of ${JSON.stringify(line.slice(0, 20))}`);
      assert.ok(log.complete && log.report === undefined && log.unreadable !== undefined);
    }
  }).timeout(120_000);

  it('is read slowly while its pod continues to write', async () => {
    let written = 0;
    const logs = new LogFollowers(
      apiOf(function* () {
        for (;;) {
          written += 60_000;
          yield `${'x'.repeat(59_999)}\n`;
        }
      }, 'no report'),
      () => {},
    );
    const pod = { namespace: 'n', name: 'p', resource: 'n/x', runId: 'r' };
    const began = performance.now();
    logs.follow(pod);
    while (written < FREE_BYTES) await sleep(1);
    await sleep(1_000);
    const seconds = (performance.now() - began) / 1000;
    assert.ok(written < FREE_BYTES + 300_000 * (seconds + 1), `${written} bytes in ${seconds.toFixed(1)} s`);
    // As soon as the pod has ended, its last lines are read.
    while (!logs.end(pod)) await sleep(1);
    assert.match(logs.of('n/r')?.unreadable ?? '', /longer than 2 MB/);
    logs.stop();
  });

  it('leaves the event loop to others while it is read', async () => {
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    await followed(() => repeated(`${'y'.repeat(99)}\n`.repeat(600), 200), REPORT);
    clearInterval(timer);
    await sleep(1);
    assert.ok(turns > 10, `${turns} turns`);
  });

  it('keeps little of a long line', async () => {
    const lines: string[] = [];
    const stream = Readable.from(repeated('z'.repeat(10_000), 300), { objectMode: false });
    for await (const line of linesOf(stream, longestLine)) lines.push(line);
    assert.deepEqual(
      lines.map(({ length }) => length),
      [2_048],
    );
  });

  it('keeps the whole of a report in many small pieces', async () => {
    const text = `one\n${REPORT}\ntwo`;
    const lines: string[] = [];
    const pieces = Readable.from([...text], { objectMode: false });
    for await (const line of linesOf(pieces, longestLine)) lines.push(line);
    assert.deepEqual(lines, ['one', REPORT, 'two']);
  });

  it('takes a time that grows with the size of its lines', () => {
    const reader = new RunLogReader('r');
    assertLinear((size) => reader.read('a-'.repeat(size / 2)));
    assertLinear((size) => reader.read(`{"type":"report",${'['.repeat(size)}`));
    assertLinear((size) => reader.read(`{"type":"report","report":{"runId":"${'\\u0061'.repeat(size / 6)}"}}`));
    assertLinear((size) => reportOf(`{"${'a'.repeat(size)}`, 'r'));
  });

  it('gives away no password in a report, a step or a line, and no values of rows', () => {
    const reader = new RunLogReader('r');
    const message = 'at postgres://u:hunter2@h/d: Key (email)=(a@b.org) already exists.';
    const failure: RunReport['failure'] = { reason: 'MigrationFailed', message };
    const step = { step: 'apply', kind: 'failed', message, at: '', seconds: 1 };
    reader.read(message);
    reader.read(JSON.stringify({ type: 'step', runId: 'r', report: step }));
    reader.read(JSON.stringify({ type: 'report', report: { ...reportFor(RUN, START), message, failure } }));
    const text = JSON.stringify(reader.snapshot());
    assert.doesNotMatch(text, /hunter2|a@b\.org/);
    assert.equal(text.match(/Key \(email\)=\(\*\*\*\) already exists/g)?.length, 4);
  });
});
