import assert from 'node:assert/strict';
import {
  chosenStem,
  looksLikeBackup,
  nameOfManifest,
  newestFirst,
  nthStem,
  runReportName,
  stemAt,
} from '../../src/backups/names.ts';
import type { BackupManifest } from '../../src/core/model/backup.ts';

describe('the names of backups', () => {
  it('contain the second in UTC', () => {
    assert.equal(stemAt(new Date('2024-06-01T23:59:58.987+02:00')), 'backup_20240601_215958');
  });

  it('are numbered from the second try on', () => {
    assert.deepEqual(
      [1, 2, 10].map((n) => nthStem('a', n)),
      ['a', 'a_2', 'a_10'],
    );
  });

  it('are chosen with or without the extension, and refused where they could be a path or an option', () => {
    for (const good of ['a', 'before_release', '1.0-rc', 'x'.repeat(100)]) assert.equal(chosenStem(good), good);
    assert.equal(chosenStem('a.dump'), 'a');
    for (const bad of ['', '.a', '-a', '_a', '../a', 'a/b', 'a b', 'ä', 'x'.repeat(101), 'a\n']) {
      assert.throws(() => chosenStem(bad), { name: 'ProblemError' }, bad);
    }
  });

  for (const [file, name] of [
    ['a.db.json', 'a.db'],
    ['a.dump.json', 'a.dump'],
    ['a.dir.json', undefined],
    ['a.json', undefined],
    ['a.db', undefined],
    ['.a.db.json', undefined],
    ['a.db.json.tmp', undefined],
    ['a.dbx.json', undefined],
    ['a.db.yaml', undefined],
    ['a.db12345', undefined],
  ] as const) {
    it(`${file} is ${name === undefined ? 'no manifest' : `the manifest of ${name}`}`, () => {
      assert.equal(nameOfManifest(file), name);
    });
  }

  it('are known where db-manager made them', () => {
    for (const name of ['backup_20240601_120000.db', 'backup_20240601_120000_12.dump'])
      assert.ok(looksLikeBackup(name));
    for (const name of [
      'backup.db',
      'backup_20240601_120000',
      'xbackup_20240601_120000.db',
      'backup_20240601_120000.dbx',
    ]) {
      assert.ok(!looksLikeBackup(name), name);
    }
  });

  it('of the report of a run end with the end of its id, in letters and digits', () => {
    const nameOf = (id: string) => runReportName(new Date('2024-06-01T12:00:00Z'), id);
    assert.equal(nameOf('bot-0123456789'), 'run_20240601_120000_23456789.report');
    assert.equal(nameOf('a-b/c'), 'run_20240601_120000_abc.report');
    assert.equal(nameOf('--'), 'run_20240601_120000_run.report');
  });

  it('sort by time, and by number within a second', () => {
    const at = (takenAt: string, name: string) => ({ manifest: { takenAt, name } as BackupManifest });
    const sorted = [
      at('2024-01-02T00:00:00Z', 'a.db'),
      at('2024-01-01T00:00:00Z', 'b_10.db'),
      at('2024-01-01T00:00:00Z', 'b_2.dump'),
      at('2024-01-01T00:00:00Z', 'b.db'),
    ];
    assert.deepEqual([...sorted].reverse().sort(newestFirst), sorted);
    assert.deepEqual([...sorted].sort(() => -1).sort(newestFirst), sorted);
  });
});
