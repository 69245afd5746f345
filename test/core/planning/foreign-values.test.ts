import assert from 'node:assert/strict';
import type { Revision } from '../../../src/core/model/revision.ts';
import { readFlyway } from '../../../src/core/planning/adopt/flyway.ts';
import { numberOf, textOf, timeOf, truthOf } from '../../../src/core/planning/adopt/foreign.ts';
import { compareRevisions } from '../../../src/core/planning/order.ts';

const revisions = (...names: string[]) => names as Revision[];

describe('values of a foreign history', () => {
  for (const [value, time] of [
    [new Date('2024-06-01T12:00:00Z'), '2024-06-01T12:00:00.000Z'],
    ['2024-06-01 12:00:00', '2024-06-01T12:00:00.000Z'],
    ['2024-06-01 12:00:00.5', '2024-06-01T12:00:00.500Z'],
    ['2024-06-01T12:00:00+02:00', '2024-06-01T10:00:00.000Z'],
    [1_717_243_200_000, '2024-06-01T12:00:00.000Z'],
    [0, '1970-01-01T00:00:00.000Z'],
    ['', undefined],
    ['yesterday', undefined],
    [null, undefined],
    [undefined, undefined],
    [new Date(Number.NaN), undefined],
    [true, undefined],
  ] as const) {
    it(`time: ${value instanceof Date ? 'Date ' : ''}${String(value)} is ${time}`, () => {
      // A time without a zone is UTC wherever the process runs.
      const zone = process.env.TZ;
      process.env.TZ = 'Asia/Tokyo';
      try {
        assert.equal(timeOf(value), time);
      } finally {
        if (zone === undefined) delete process.env.TZ;
        else process.env.TZ = zone;
      }
    });
  }

  it('text: numbers of every kind, and nothing for no value', () => {
    assert.deepEqual([1, 1n, 'a', null, undefined, 0, false].map(textOf), ['1', '1', 'a', '', '', '0', 'false']);
  });

  it('truth: what drivers give for true', () => {
    for (const value of [true, 1, 1n, 't', 'true', '1']) assert.equal(truthOf(value), true);
    for (const value of [false, 0, 0n, 'f', 'false', '0', null, undefined, '', 2]) assert.equal(truthOf(value), false);
  });

  it('number: without leading zeros, of any length', () => {
    assert.deepEqual(['007_a', '20240601120000123456_b', 'a1', ''].map(numberOf), [
      '7',
      '20240601120000123456',
      undefined,
      undefined,
    ]);
  });
});

describe('Flyway’s history', () => {
  const row = (rank: number, version: string | null, more: object = {}) => ({
    installed_rank: rank,
    version,
    type: 'SQL',
    script: `V${version}__x.sql`,
    success: true,
    ...more,
  });
  const applied = (rows: object[], ...names: string[]) => {
    const reading = readFlyway(rows as never, revisions(...names));
    return reading.ok ? [reading.applied.map(({ revision }) => revision), reading.unmatched] : reading.problem.reason;
  };

  it('compares versions by part, and missing parts as zero', () => {
    const names = ['V1__a', 'V1.0.1__b', 'V1.2__c', 'V1.10__d', 'V2__e'];
    const baseline = (version: string) => applied([row(1, version, { type: 'BASELINE' })], ...names);
    assert.deepEqual(baseline('1'), [['V1__a'], []]);
    assert.deepEqual(baseline('1.0.0'), [['V1__a'], []]);
    assert.deepEqual(baseline('1.0.1'), [['V1__a', 'V1.0.1__b'], []]);
    assert.deepEqual(baseline('1.9'), [['V1__a', 'V1.0.1__b', 'V1.2__c'], []]);
    assert.deepEqual(baseline('1.10'), [['V1__a', 'V1.0.1__b', 'V1.2__c', 'V1.10__d'], []]);
    assert.deepEqual(applied([row(1, '1.0')], ...names), [['V1__a'], []]);
  });

  it('reads rows by rank, in any order, and applies an undo', () => {
    const rows = [row(3, '1', { type: 'UNDO_SQL' }), row(1, '1'), row(2, '2'), row(10, '1')];
    assert.deepEqual(applied(rows, 'V1__x', 'V2__x'), [['V2__x', 'V1__x'], []]);
    assert.deepEqual(applied(rows.slice(0, 3), 'V1__x', 'V2__x'), [['V2__x'], []]);
  });

  it('finds a script by its name in a folder, and reports rows without a file', () => {
    assert.deepEqual(applied([row(1, '7', { script: 'sql/old/20240601_x.sql' })], '20240601_x'), [['20240601_x'], []]);
    assert.deepEqual(applied([row(1, '7')], 'V8__x'), [[], ['V7__x.sql']]);
    assert.deepEqual(applied([row(1, null, { script: 'R__view.sql' }), row(2, '0', { type: 'SCHEMA' })], 'V8__x'), [
      [],
      ['R__view.sql'],
    ]);
  });

  it('is refused with a failed row, and names the first', () => {
    const rows = [row(2, '3', { success: false }), row(1, '2', { success: 0 })];
    const reading = readFlyway(rows as never, revisions('V2__x', 'V3__x'));
    assert.ok(!reading.ok);
    assert.equal(reading.problem.reason, 'InterruptedMigration');
    assert.match(reading.problem.message, /V2__x\.sql/);
  });
});

describe('the order of revisions', () => {
  it('is total, and the same from any start', () => {
    const sorted = revisions(
      '1_a',
      '1_b',
      '2_a',
      '2024.06.01-x',
      '2024.06.02-x',
      '10000000000000000001_a',
      '10000000000000000002_a',
      'Va',
      'a',
      'b',
    );
    for (const a of sorted) {
      for (const b of sorted) {
        const expected = Math.sign(sorted.indexOf(a) - sorted.indexOf(b));
        assert.equal(Math.sign(compareRevisions(a, b)), expected, `${a} and ${b}`);
      }
    }
  });

  it('counts parts only in Flyway’s versions, with missing ones as zero', () => {
    assert.ok(compareRevisions(...(revisions('V1.2__x', 'V1.10__x') as [Revision, Revision])) < 0);
    assert.ok(compareRevisions(...(revisions('V1.0__x', 'V1__y') as [Revision, Revision])) < 0);
    assert.ok(compareRevisions(...(revisions('V1.0__x', 'V1.0.1__x') as [Revision, Revision])) < 0);
    assert.ok(compareRevisions(...(revisions('20240601T120000_b', '20240601120001_a') as [Revision, Revision])) < 0);
  });
});
