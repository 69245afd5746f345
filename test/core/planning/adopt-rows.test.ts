/** The rows of single tools, as their readers give them: order, times, checksums, and what they refuse. */
import assert from 'node:assert/strict';
import { readAlembic } from '../../../src/core/planning/adopt/alembic.ts';
import { readFlyway } from '../../../src/core/planning/adopt/flyway.ts';
import type { ForeignReading, ForeignRow } from '../../../src/core/planning/adopt/foreign.ts';
import { readDrizzle, readPrisma } from '../../../src/core/planning/adopt/hashes.ts';
import { readDbmate, readGoose } from '../../../src/core/planning/adopt/versions.ts';
import { revisionOf } from './build.ts';

const SUMS = new Map([
  [revisionOf('1_a'), 'sha256:aa'],
  [revisionOf('2_b'), 'sha256:bb'],
  [revisionOf('3_c'), 'sha256:cc'],
]);
const ORDER = [...SUMS.keys()];
const DAY = (day: number) => `2024-01-0${day} 03:04:05`;
const ISO = (day: number) => `2024-01-0${day}T03:04:05.000Z`;

const attempt = (migration_name: string, finished: number | null, more: ForeignRow = {}): ForeignRow => ({
  migration_name,
  checksum: 'AA',
  finished_at: finished === null ? null : DAY(finished),
  rolled_back_at: null,
  ...more,
});

function refusal(reading: ForeignReading): string {
  assert.ok(!reading.ok);
  return `${reading.problem.reason}: ${reading.problem.message}`;
}

describe('The rows of Prisma', () => {
  it('are applied with their times, and with a checksum only where the file still has it', () => {
    assert.deepEqual(readPrisma([attempt('1_a', 1), attempt('2_b', 2)], ORDER, { checksums: SUMS }), {
      ok: true,
      applied: [
        { revision: '1_a', at: ISO(1), checksum: 'sha256:aa' },
        { revision: '2_b', at: ISO(2) },
      ],
      unmatched: [],
    });
  });

  it('are given in the order of the files, and those without a file in the order of their ends', () => {
    const rows = [attempt('y', 3), attempt('3_c', 1), attempt('x', 2), attempt('1_a', 4)];
    const reading = readPrisma(rows, ORDER);
    assert.ok(reading.ok);
    assert.deepEqual(
      reading.applied.map(({ revision }) => revision),
      ['1_a', '3_c'],
    );
    assert.deepEqual(reading.unmatched, ['x', 'y']);
  });

  it('of a failed attempt are refused with its name, unless it was rolled back', () => {
    const failed = [attempt('1_a', 1), attempt('2_b', null)];
    assert.match(refusal(readPrisma(failed, ORDER)), /^InterruptedMigration: Prisma recorded 2_b as failed/);
    const resolved = [attempt('2_b', null, { rolled_back_at: DAY(2) }), attempt('2_b', 3)];
    const reading = readPrisma(resolved, ORDER);
    assert.deepEqual(reading.ok && reading.applied, [{ revision: '2_b', at: ISO(3) }]);
  });
});

describe('The rows of Drizzle', () => {
  const times = new Map([
    ['1000', revisionOf('1_a')],
    ['2000', revisionOf('2_b')],
    ['3000', revisionOf('3_c')],
  ]);
  const files = { checksums: SUMS, times };
  const at = (ms: number) => new Date(ms).toISOString();

  it('name a file by their name, their time or their hash', () => {
    assert.deepEqual(readDrizzle([{ name: '2_b', hash: 'x', created_at: '1' }], ORDER), {
      ok: true,
      applied: [{ revision: '2_b', at: at(1) }],
      unmatched: [],
    });
    assert.deepEqual(readDrizzle([{ hash: 'bb', created_at: '7' }], ORDER, { checksums: SUMS }), {
      ok: true,
      applied: [{ revision: '2_b', at: at(7), checksum: 'sha256:bb' }],
      unmatched: [],
    });
  });

  it('mean each entry of the journal up to the last time, also that of the last row itself', () => {
    const reading = readDrizzle([{ hash: 'other', created_at: '2000' }], ORDER, files);
    assert.deepEqual(reading, {
      ok: true,
      applied: [
        { revision: '1_a', at: at(1000) },
        { revision: '2_b', at: at(2000) },
      ],
      unmatched: [],
    });
    const twice = new Map([...times, ['2000 ', revisionOf('3_c')]]);
    const same = readDrizzle([{ hash: 'other', created_at: '2000' }], ORDER, { checksums: SUMS, times: twice });
    assert.deepEqual(same.ok && same.applied.map(({ revision }) => revision), ORDER);
  });

  it('are in the order of the files, and the last time is the latest of all rows', () => {
    const rows = [
      { hash: 'x', created_at: '3000' },
      { hash: 'x', created_at: '1000' },
    ];
    const reading = readDrizzle(rows, ORDER, files);
    assert.deepEqual(reading.ok && reading.applied.map(({ revision }) => revision), ORDER);
  });

  it('without a file are named by their hash and time', () => {
    const reading = readDrizzle([{ hash: '0123456789abcdef', created_at: '9' }], ORDER, { checksums: SUMS });
    assert.deepEqual(reading, { ok: true, applied: [], unmatched: ['0123456789ab (created_at 9)'] });
  });
});

describe('The rows of goose, dbmate, Flyway and Alembic', () => {
  const up = (id: number, version: number, is_applied = true) => ({ id, version_id: version, is_applied });

  it('of goose: one that was reverted and applied again comes last', () => {
    const rows = [up(1, 0), up(2, 1), up(3, 2), up(4, 1, false), up(5, 1)];
    const reading = readGoose(rows, ORDER);
    assert.deepEqual(reading.ok && reading.applied.map(({ revision }) => revision), ['2_b', '1_a']);
  });

  it('of dbmate: one row with "dirty" among others is enough to be of golang-migrate', () => {
    const rows = [{ version: '1' }, { version: '2', dirty: false }];
    assert.match(refusal(readDbmate(rows, ORDER)), /--from golang-migrate/);
  });

  it('of Flyway: a row without a version that is not a repeatable migration matches no file', () => {
    const row = { installed_rank: 1, description: 'x', script: '<< Flyway Schema Creation >>', success: true };
    for (const [type, script] of [
      ['SCHEMA', row.script],
      ['DELETE', 'R__view.sql'],
    ]) {
      const reading = readFlyway([{ ...row, script, version: null, type }], [revisionOf('R__view')]);
      assert.deepEqual(reading.ok && [reading.applied, reading.unmatched], [[], []], type);
    }
  });

  it('of Alembic: one name that begins with an id among numbers needs no scripts', () => {
    const reading = readAlembic([{ version_num: 'ae1027a6acf0' }], ['ae1027a6acf0_a', '2_b'].map(revisionOf));
    assert.deepEqual(reading, { ok: true, applied: [{ revision: 'ae1027a6acf0_a' }], unmatched: [] });
  });

  it('of Alembic: an ancestor whose file is missing is named, and the others are applied', () => {
    const chain = new Map([
      ['aaa', []],
      ['bbb', ['aaa']],
    ]);
    assert.deepEqual(readAlembic([{ version_num: 'bbb' }], [revisionOf('2_bbb')], chain), {
      ok: true,
      applied: [{ revision: '2_bbb' }],
      unmatched: ['aaa'],
    });
  });
});
