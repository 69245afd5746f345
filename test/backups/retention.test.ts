import assert from 'node:assert/strict';
import { expired } from '../../src/backups/prune.ts';
import type { Backup } from '../../src/core/model/backup.ts';

const NOW = new Date('2026-06-30T12:00:00.000Z');
const DAY = 86_400_000;

/** A backup that is so many days old. */
function backup(age: number, databaseId = 'here'): Backup {
  const takenAt = new Date(NOW.getTime() - age * DAY).toISOString();
  const name = `backup_${takenAt.slice(0, 19).replaceAll('-', '').replace('T', '_').replaceAll(':', '')}`;
  return { name, path: `/b/${name}`, manifest: { takenAt, database: { id: databaseId } } } as unknown as Backup;
}

const agesOf = (backups: Backup[]) =>
  backups.map(({ manifest }) => (NOW.getTime() - Date.parse(manifest.takenAt)) / DAY);

describe('the retention of backups', () => {
  for (const { ages, last, days, removed } of [
    { ages: [0, 1, 2, 3], last: 2, days: 0, removed: [3, 2] },
    { ages: [3, 0, 2, 1], last: 2, days: 0, removed: [3, 2] },
    { ages: [0, 1, 2], last: 3, days: 0, removed: [] },
    { ages: [0, 1, 2], last: 0, days: 0, removed: [2, 1] },
    { ages: [400], last: 0, days: 1, removed: [] },
    { ages: [], last: 0, days: 0, removed: [] },
    { ages: [0, 6, 7, 8], last: 1, days: 7, removed: [8, 7] },
    { ages: [0, 6.999, 7], last: 1, days: 7, removed: [7] },
    { ages: [8, 9, 10], last: 2, days: 7, removed: [10] },
    { ages: [1, 2, 3], last: 1, days: 7, removed: [] },
    { ages: [0, 0.5, 1], last: 1, days: 1, removed: [1] },
    { ages: [-2, -1], last: 1, days: 0, removed: [-1] },
  ]) {
    it(`removes ${JSON.stringify(removed)} of ages ${JSON.stringify(ages)}, keeping ${last} and ${days} days`, () => {
      const backups = ages.map((age) => backup(age));
      assert.deepEqual(agesOf(expired(backups, { last, days, databaseId: 'here', now: NOW })), removed);
    });
  }

  it('counts and removes only backups of that database', () => {
    const backups = [backup(1, 'other'), backup(2), backup(3, 'other'), backup(4)];
    assert.deepEqual(agesOf(expired(backups, { last: 1, days: 0, databaseId: 'here', now: NOW })), [4]);
  });
});
