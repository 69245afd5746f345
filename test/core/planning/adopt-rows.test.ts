/** The rows of single tools, as their readers give them: order, times, checksums, and what they refuse. */
import assert from 'node:assert/strict';
import { readAlembic } from '../../../src/core/planning/adopt/alembic.ts';
import { readFlyway } from '../../../src/core/planning/adopt/flyway.ts';
import type { ForeignReading, ForeignRow } from '../../../src/core/planning/adopt/foreign.ts';
import { readDrizzle, readPrisma } from '../../../src/core/planning/adopt/hashes.ts';
import { readSequelize } from '../../../src/core/planning/adopt/names.ts';
import { readDbmate, readGolangMigrate, readGoose } from '../../../src/core/planning/adopt/versions.ts';
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

describe('The edges of the readers', () => {
  const names = (reading: ForeignReading) => reading.ok && reading.applied.map(({ revision }) => revision);

  it('Prisma: files that are gone are in the order of their ends, however the rows are ordered', () => {
    const rows = [attempt('x', 1), attempt('y', 2), attempt('z', 3)];
    for (const [a = 0, b = 0, c = 0] of [
      [0, 1, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]) {
      const reading = readPrisma([rows[a] ?? {}, rows[b] ?? {}, rows[c] ?? {}], ORDER);
      assert.deepEqual(reading.ok && reading.unmatched, ['x', 'y', 'z']);
    }
  });

  it('Drizzle: a row without a time has none', () => {
    const reading = readDrizzle([{ hash: 'bb', created_at: '' }], ORDER, { checksums: SUMS });
    assert.deepEqual(reading.ok && reading.applied, [{ revision: '2_b', at: undefined, checksum: 'sha256:bb' }]);
  });

  it('golang-migrate: no row is nothing applied, and the first version is one', () => {
    assert.deepEqual(readGolangMigrate([], ORDER), { ok: true, applied: [], unmatched: [] });
    assert.deepEqual(names(readGolangMigrate([{ version: 1, dirty: false }], ORDER)), ['1_a']);
    assert.deepEqual(names(readGolangMigrate([{ version: 2, dirty: false }], ORDER)), ['1_a', '2_b']);
  });

  it('golang-migrate: a row without "dirty", or a second row, is of another tool', () => {
    assert.match(refusal(readGolangMigrate([{ version: 1 }], ORDER)), /--from dbmate/);
    const two = [1, 2].map((version) => ({ version, dirty: false }));
    assert.match(refusal(readGolangMigrate(two, ORDER)), /--from dbmate/);
  });

  it('goose: the last row of a version is the one with the highest id', () => {
    const rows = [
      { id: 10, version_id: 1, is_applied: false },
      { id: 9, version_id: 1, is_applied: true },
    ];
    assert.deepEqual(names(readGoose(rows, ORDER)), []);
    assert.deepEqual(names(readGoose(rows.toReversed(), ORDER)), []);
  });

  it('Flyway: 1 and 1.0 are the same version, on either side', () => {
    for (const [file, version] of [
      ['V1__a', '1.0'],
      ['V1.0__a', '1'],
    ] as const) {
      const row = { installed_rank: 1, version, type: 'SQL', script: 'x.sql', success: true };
      assert.deepEqual(names(readFlyway([row], [revisionOf(file)])), [file]);
    }
  });

  it('Flyway: a script without a version that is not repeatable is not a migration', () => {
    const row = { installed_rank: 1, version: null, type: 'SQL', script: 'notes.sql', success: true };
    assert.deepEqual(readFlyway([row], ORDER), { ok: true, applied: [], unmatched: [] });
  });

  it('Umzug: a name that ends like a file is found with and without its ending', () => {
    const order = [revisionOf('1_a.ts'), revisionOf('2_b')];
    assert.deepEqual(names(readSequelize([{ name: '1_a.ts' }, { name: 'dist/2_b.js' }], order)), ['1_a.ts', '2_b']);
  });

  const chainOf = (...links: [string, string[]][]) => new Map(links);

  it('Alembic: revisions that were merged are applied once', () => {
    const order = ['1_aa', '2_bb', '3_cc', '4_dd'].map(revisionOf);
    const chain = chainOf(['aa', []], ['bb', ['aa']], ['cc', ['aa']], ['dd', ['bb', 'cc']]);
    const reading = readAlembic([{ version_num: 'dd' }], order, chain);
    assert.deepEqual(reading, { ok: true, applied: order.map((revision) => ({ revision })), unmatched: [] });
    const partly = readAlembic([{ version_num: 'dd' }], order.slice(1), chain);
    assert.deepEqual(partly.ok && partly.unmatched, ['aa']);
  });

  it('Alembic: an ancestor that no script has is named once', () => {
    const chain = chainOf(['bb', ['aa']], ['cc', ['aa']], ['dd', ['bb', 'cc']]);
    assert.match(refusal(readAlembic([{ version_num: 'dd' }], ORDER, chain)), /do not contain aa, which/);
  });

  it('Alembic: names in another order are reported with a number for the first, wherever they differ', () => {
    const chain = chainOf(['aa', []], ['bb', ['aa']], ['cc', ['bb']]);
    for (const order of [
      ['1_aa', '2_cc', '3_bb'],
      ['1_bb', '2_aa', '3_cc'],
    ]) {
      const reading = readAlembic([{ version_num: 'cc' }], order.map(revisionOf), chain);
      const ran = ['aa', 'bb', 'cc'].map((id) => order.find((name) => name.endsWith(id)));
      assert.match(
        (reading.ok && reading.note) || '',
        new RegExp(`number them in this order, 0001_${ran[0]} first: ${ran.join(', ')}\\. `),
      );
    }
  });

  it('Alembic: two names that begin with ids are enough not to know the order', () => {
    const order = ['1975ea83b712_x', 'ae1027a6acf_y'].map(revisionOf);
    assert.match(refusal(readAlembic([{ version_num: 'ae1027a6acf' }], order)), /--versions alembic\/versions/);
    assert.deepEqual(names(readAlembic([{ version_num: 'ae1027a6acf' }], order.slice(1))), ['ae1027a6acf_y']);
  });
});
