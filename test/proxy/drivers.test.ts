/** Drivers of other languages through the proxy: what they print must be what they print without it. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { emptyRecord, recordInto, type SentRecord } from '../../src/engine/wrapped/record.ts';
import { type Fingerprinter, loadFingerprinter } from '../../src/migrations/statements/fingerprint.ts';
import { temporaryDatabase } from '../support/databases.ts';
import { runCommand } from '../support/processes.ts';
import { toolsIn } from '../support/programs/tools.ts';
import { DRIVERS, FOLDER } from './drivers.ts';
import { openProxy } from './opened.ts';

const all = process.env.DB_MANAGER_TOOLS === 'all';

describe('drivers through the proxy', function () {
  this.timeout(300_000);
  let expected: string;
  let fingerprint: Fingerprinter;

  before(async () => {
    expected = await readFile(join(FOLDER, 'expected.txt'), 'utf8');
    fingerprint = await loadFingerprinter();
  });

  for (const driver of DRIVERS.filter(({ short }) => all || short)) {
    it(`${driver.name}: connect, prepare, copy, 50 MB rows, pipeline, errors, notices, notifications, cancel`, async function () {
      if (driver.set !== undefined && toolsIn(driver.set) === undefined) this.skip();
      const { url } = await temporaryDatabase('postgres');
      const { words, cwd, env } = driver.program();
      const [program = '', ...args] = words;
      const run = async (where: string) => {
        const { code, stdout, stderr } = await runCommand(program, [...args, where], {
          cwd,
          env: { ...process.env, ...env },
          timeoutMs: 240_000,
        });
        assert.equal(code, 0, stderr);
        return stdout;
      };
      const record: SentRecord = emptyRecord();
      const opened = await openProxy(url, { observe: recordInto(record, { fingerprint }) });
      try {
        assert.equal(await run(opened.url), expected);
      } finally {
        await opened.close();
      }
      // The control: the program itself does what it prints.
      assert.equal(await run(url), expected, 'without the proxy');
      const sent = record.statements.map(({ sql }) => sql.toLowerCase().replaceAll('"', ''));
      for (const word of [
        'create table drivers',
        'copy drivers from stdin',
        'insert into large',
        'insert into piped',
      ]) {
        assert.ok(
          sent.some((sql) => sql.includes(word)),
          `${word} was not recorded`,
        );
      }
      assert.equal(opened.proxy.seen.open, 0);
    });
  }
});
