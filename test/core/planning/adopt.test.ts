import assert from 'node:assert/strict';
import { readForeignHistory } from '../../../src/core/planning/adopt/adopt.ts';
import type { ForeignRow, ForeignTool } from '../../../src/core/planning/adopt/foreign.ts';
import { AUTHOR, filesOf, historyOf } from './build.ts';

const adopt = (tool: ForeignTool, rows: ForeignRow[], names: string[]) =>
  readForeignHistory(tool, rows, filesOf(...names), [], AUTHOR);

const flyway = (installed_rank: number, version: string | null, script: string, more: ForeignRow = {}): ForeignRow => ({
  installed_rank,
  version,
  description: 'x',
  type: 'SQL',
  script,
  checksum: 1,
  installed_on: '2024-01-02 03:04:05',
  success: true,
  ...more,
});

describe("Taking over Alembic's history by the chain of its scripts (H19)", () => {
  const chain = new Map([
    ['f00', []],
    ['aaa', ['f00']],
    ['b11', ['aaa']],
    ['c22', ['aaa']],
    ['m33', ['b11', 'c22']],
    ['d44', ['m33']],
  ]);
  const files = ['aaa_b', 'b11_c', 'c22_d', 'd44_f', 'f00_a', 'm33_e'];
  const read = (...heads: string[]) =>
    readForeignHistory(
      'alembic',
      heads.map((version_num) => ({ version_num })),
      filesOf(...files),
      [],
      AUTHOR,
      { chain },
    );
  const CASES: [string, string[], string[]][] = [
    ['up to the middle', ['b11'], ['f00_a', 'aaa_b', 'b11_c']],
    ['through a merge', ['m33'], ['f00_a', 'aaa_b', 'b11_c', 'c22_d', 'm33_e']],
    ['to the head', ['d44'], ['f00_a', 'aaa_b', 'b11_c', 'c22_d', 'm33_e', 'd44_f']],
    ['with several heads', ['b11', 'c22'], ['f00_a', 'aaa_b', 'b11_c', 'c22_d']],
    ['at base', [], []],
  ];
  for (const [name, heads, expected] of CASES)
    it(`adopts what it leads back to, in its order: ${name}`, () => {
      const adoption = read(...heads);
      assert.ok(adoption.ok);
      assert.deepEqual(
        adoption.put.map(({ revision }) => revision),
        expected,
      );
      assert.equal(adoption.note === undefined, expected.length < 2);
    });

  it('refuses a version that the scripts do not have, and names that begin with ids without scripts', () => {
    const unknown = read('e55');
    assert.ok(!unknown.ok && /do not contain e55/.test(unknown.problem.message));
    const rows = [{ version_num: 'ae1027a6acf0' }];
    const names = filesOf('1975ea83b712_a', 'ae1027a6acf0_b', 'c0ffee123456_c');
    const guess = readForeignHistory('alembic', rows, names, [], AUTHOR);
    assert.ok(!guess.ok && /--versions alembic\/versions/.test(guess.problem.message));
  });

  it('has no note for names that sort as Alembic ran them', () => {
    const rows = [{ version_num: 'b11' }];
    const adoption = readForeignHistory('alembic', rows, filesOf('1_f00', '2_aaa', '3_b11', '4_c22'), [], AUTHOR, {
      chain,
    });
    assert.ok(adoption.ok && adoption.note === undefined);
    assert.equal(adoption.put.length, 3);
  });
});

describe('Taking over a history', () => {
  const CASES: [string, ForeignTool, ForeignRow[], string[], string[], string[]][] = [
    [
      'of sequelize-cli, whose names have extensions and no order',
      'sequelize',
      [{ name: '2_b.js' }, { name: '1_a.js' }, { name: '9_gone.js' }],
      ['1_a', '2_b', '3_c'],
      ['1_a', '2_b'],
      ['9_gone.js'],
    ],
    [
      'of Umzug, whose names may have folders and dots',
      'sequelize',
      [{ name: 'dist/2024.01.01T00.00.00.a.ts' }, { name: '1_b.up.sql' }, { name: '2_plain' }],
      ['2024.01.01T00.00.00.a', '1_b', '2_plain'],
      ['1_b', '2_plain', '2024.01.01T00.00.00.a'],
      [],
    ],
    [
      'of sequelize-cli, whose names may have any character',
      'sequelize',
      [{ name: '1_add orders (2).js' }, { name: "2_don't.js" }],
      ['1_add_orders_2_', '2_don_t'],
      ['1_add_orders_2_', '2_don_t'],
      [],
    ],
    [
      'of knex, in the order of its ids',
      'knex',
      [
        { id: 10, name: '1_a.js', batch: 2 },
        { id: 2, name: '2_b.js', batch: 1 },
      ],
      ['1_a', '2_b'],
      ['2_b', '1_a'],
      [],
    ],
    [
      'of Alembic, up to the file with the id in its name',
      'alembic',
      [{ version_num: 'ae10' }],
      ['1_x', '2_ae10_add', '3_y'],
      ['1_x', '2_ae10_add'],
      [],
    ],
    ['of Alembic, with an id that no file has', 'alembic', [{ version_num: 'ffff' }], ['1_x'], [], ['ffff']],
    ['of Alembic at base', 'alembic', [], ['1_x'], [], []],
    [
      'of golang-migrate, up to its version',
      'golang-migrate',
      [{ version: '2', dirty: false }],
      ['1_a', '0002_b', '10_c'],
      ['1_a', '0002_b'],
      [],
    ],
    [
      'of golang-migrate on SQLite',
      'golang-migrate',
      [{ version: 10, dirty: 0 }],
      ['1_a', '2_b', '10_c'],
      ['1_a', '2_b', '10_c'],
      [],
    ],
    [
      'of golang-migrate with an unknown version',
      'golang-migrate',
      [{ version: 7n, dirty: false }],
      ['1_a'],
      [],
      ['7'],
    ],
    [
      'of dbmate, by numbers',
      'dbmate',
      [{ version: '20240102' }, { version: '20240101' }, { version: '3' }],
      ['20240101_a', '20240102_b', '20240103_c'],
      ['20240101_a', '20240102_b'],
      ['3'],
    ],
    [
      'of goose, whose last row for a version counts',
      'goose',
      [
        { id: 1, version_id: '0', is_applied: true },
        { id: 2, version_id: '1', is_applied: true },
        { id: 3, version_id: '2', is_applied: 1 },
        { id: 4, version_id: '2', is_applied: 0 },
        { id: 5, version_id: '9', is_applied: true },
      ],
      ['00001_a', '00002_b'],
      ['00001_a'],
      ['9'],
    ],
    [
      'of Flyway, with a baseline, an undo and repeatable scripts',
      'flyway',
      [
        flyway(1, '1.1', '<< Flyway Baseline >>', { type: 'BASELINE' }),
        flyway(2, '2', 'V2__b.sql'),
        flyway(3, '3', 'V3__c.sql'),
        flyway(4, '3', 'U3__c.sql', { type: 'UNDO_SQL' }),
        flyway(5, null, 'R__views.sql'),
        flyway(6, '7', 'V7__gone.sql'),
      ],
      ['V1__a', 'V1.1__a', 'V2__b', 'V3__c'],
      ['V1__a', 'V1.1__a', 'V2__b'],
      ['R__views.sql', 'V7__gone.sql'],
    ],
    [
      'of Flyway, with its repeatable migrations',
      'flyway',
      [
        flyway(1, '1', 'V1__a.sql'),
        flyway(2, null, 'db/R__views.sql'),
        flyway(3, null, '<< schema >>', { type: 'SCHEMA' }),
      ],
      ['V1__a', 'R__more', 'R__views'],
      ['V1__a', 'R__views'],
      [],
    ],
    [
      'of Flyway, by version where the file has another name',
      'flyway',
      [flyway(1, '1.0', 'db/V1_0__old.sql', { success: 1 })],
      ['V1__new'],
      ['V1__new'],
      [],
    ],
  ];
  for (const [name, tool, rows, names, expected, unmatched] of CASES) {
    it(name, () => {
      const result = adopt(tool, rows, names);
      assert.ok(result.ok, result.ok ? '' : result.problem.message);
      assert.deepEqual(
        result.put.map(({ revision }) => revision),
        expected,
      );
      assert.deepEqual(result.unmatched, unmatched);
      for (const row of result.put) assert.deepEqual([row.checksum, row.state, row.runId], [null, 'applied', 'stamp']);
    });
  }

  const REFUSED: [string, ForeignTool, ForeignRow[], string, RegExp][] = [
    [
      'a dirty golang-migrate',
      'golang-migrate',
      [{ version: '2', dirty: 't' }],
      'InterruptedMigration',
      /version 2 as dirty.*migrate force/,
    ],
    [
      'the table of dbmate for golang-migrate',
      'golang-migrate',
      [{ version: '1' }, { version: '2' }],
      'InvalidConfiguration',
      /--from dbmate/,
    ],
    [
      'the table of golang-migrate for dbmate',
      'dbmate',
      [{ version: '1', dirty: false }],
      'InvalidConfiguration',
      /--from golang-migrate/,
    ],
    [
      'a failed Flyway',
      'flyway',
      [flyway(1, '1', 'V1__a.sql', { success: false })],
      'InterruptedMigration',
      /V1__a\.sql as failed.*flyway repair/,
    ],
    [
      'several heads of Alembic',
      'alembic',
      [{ version_num: 'a1' }, { version_num: 'b2' }],
      'InvalidConfiguration',
      /several heads \(a1, b2\)/,
    ],
  ];
  for (const [name, tool, rows, reason, message] of REFUSED) {
    it(`refuses ${name}`, () => {
      const result = adopt(tool, rows, ['1_a', '2_b']);
      assert.ok(!result.ok);
      assert.equal(result.problem.reason, reason);
      assert.match(result.problem.message, message);
    });
  }

  it('keeps the time where the tool has one, in UTC', () => {
    const rows = [
      flyway(1, '1', 'V1__a.sql'),
      flyway(2, '2', 'V2__b.sql', { installed_on: new Date('2024-05-06T07:08:09Z') }),
    ];
    const result = adopt('flyway', rows, ['V1__a', 'V2__b']);
    assert.ok(result.ok);
    assert.deepEqual(
      result.put.map(({ appliedAt }) => appliedAt),
      ['2024-01-02T03:04:05.000Z', '2024-05-06T07:08:09.000Z'],
    );
    const without = adopt('dbmate', [{ version: '1' }], ['1_a']);
    assert.ok(without.ok);
    assert.equal(without.put[0]?.appliedAt, AUTHOR.now);
  });

  it('leaves rows that our history has as they are', () => {
    const files = filesOf('1_a', '2_b');
    const rows = [{ version: '1' }, { version: '2' }];
    const result = readForeignHistory('dbmate', rows, files, historyOf('1_a'), AUTHOR);
    assert.ok(result.ok);
    assert.deepEqual(
      result.put.map(({ revision }) => revision),
      ['2_b'],
    );
  });
});
