import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { interruption } from '../../src/engine/interruption.ts';
import { temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { requestFor, runOn } from './request.ts';

/** What `AbortSignal.timeout` gives as its reason, at a moment that the test chooses. */
const PASSED = new DOMException('The operation was aborted due to timeout', 'TimeoutError');

/** Stops while the first migration runs for the nth time: read by the check, on the copy, on the database. */
async function stoppedIn(step: 'rehearse' | 'apply', reason?: unknown) {
  const { url, drop } = await temporaryDatabase('sqlite');
  const folder = await temporaryFolder('migrations');
  const stop = new AbortController();
  let times = step === 'rehearse' ? 2 : 3;
  Object.assign(globalThis, {
    firstMigrationRuns() {
      times -= 1;
      if (times === 0) stop.abort(reason);
    },
  });
  const first = 'exports.up = async () => globalThis.firstMigrationRuns();\nexports.down = async () => {};\n';
  await writeFile(join(folder, '1_a.cjs'), first);
  for (const name of ['2_b', '3_c']) {
    await writeFile(join(folder, `${name}.sql`), `-- migrate:up\nCREATE TABLE t_${name} (id INTEGER);\n`);
  }
  const request = requestFor(folder, await temporaryFolder('backups'), { safety: { roundTrip: false } });
  const { report } = await runOn(url, request, stop.signal);
  await drop();
  return report;
}

describe('a run that does not end in time', () => {
  it('ends as DeadlineExceeded while it applies, with what was applied, and is resumed', async () => {
    const report = await stoppedIn('apply', PASSED);
    assert.equal(report.reason, 'DeadlineExceeded', report.message);
    assert.match(report.message, /longer than timeouts\.run and stopped with 1 migration applied of 3\./);
    assert.deepEqual([report.touched, report.retry], [true, 'safe']);
  });

  it('ends as DeadlineExceeded during the rehearsal, without changes', async () => {
    const report = await stoppedIn('rehearse', PASSED);
    assert.equal(report.reason, 'DeadlineExceeded', report.message);
    assert.match(report.message, /longer than timeouts\.run and stopped during the rehearsal; no changes were made/);
    assert.deepEqual([report.touched, report.retry], [false, 'safe']);
  });

  it('ends as Interrupted where it was asked to stop', async () => {
    const [applying, rehearsing] = [await stoppedIn('apply'), await stoppedIn('rehearse')];
    assert.deepEqual([applying.reason, applying.retry], ['Interrupted', 'safe']);
    assert.deepEqual([rehearsing.reason, rehearsing.retry], ['Interrupted', 'safe']);
  });

  it('takes only the end of its time for a deadline, not any other error', () => {
    const reasonFor = (reason: unknown) => interruption(AbortSignal.abort(reason), 'there').reason;
    assert.equal(reasonFor(PASSED), 'DeadlineExceeded');
    assert.equal(reasonFor(new DOMException('stop', 'AbortError')), 'Interrupted');
    assert.equal(reasonFor(new Error('TimeoutError')), 'Interrupted');
  });
});
