import assert from 'node:assert/strict';
import type { HistoryRow } from '../../../src/core/model/history.ts';
import type { LoadedMigration, MigrationFile } from '../../../src/core/model/migration.ts';
import { planDigest } from '../../../src/core/planning/digest.ts';
import { compareRevisions } from '../../../src/core/planning/order.ts';
import { currentPosition, plan, requireReversible } from '../../../src/core/planning/plan.ts';
import { filesOf, historyOf, revisionOf, rowOf, targetOf } from './build.ts';

const FOUR = filesOf('1_a', '2_b', '10_c', '11_d');

function planned(
  applied: HistoryRow[],
  target: string,
  { files = FOUR, allowDowngrade = false, outOfOrder = 'Refuse' as 'Refuse' | 'Allow' } = {},
) {
  return plan({ files, history: applied, target: targetOf(target), allowDowngrade, outOfOrder });
}

describe('The plan', () => {
  const UP: [string, string[], string, string[], string][] = [
    ['head from base', [], 'head', ['1_a', '2_b', '10_c', '11_d'], '11_d'],
    ['head from the middle', ['1_a', '2_b'], 'head', ['10_c', '11_d'], '11_d'],
    ['head from head', ['1_a', '2_b', '10_c', '11_d'], 'head', [], '11_d'],
    ['a name', ['1_a'], '10_c', ['2_b', '10_c'], '10_c'],
    ['the start of a name', ['1_a'], '10', ['2_b', '10_c'], '10_c'],
    ['an exact name that starts another', [], '1_a', ['1_a'], '1_a'],
    ['the current revision', ['1_a'], '1_a', [], '1_a'],
    ['+1', ['1_a'], '+1', ['2_b'], '2_b'],
    ['+3', ['1_a'], '+3', ['2_b', '10_c', '11_d'], '11_d'],
    ['+0', ['1_a'], '+0', [], '1_a'],
    ['base from base', [], 'base', [], 'base'],
  ];
  for (const [name, applied, target, expected, to] of UP) {
    it(`goes up to ${name}`, () => {
      const result = planned(historyOf(...applied), target);
      assert.ok(result.ok, result.ok ? '' : result.problem.message);
      assert.deepEqual(
        result.plan.migrations.map(({ revision }) => revision),
        expected,
      );
      assert.equal(result.plan.direction, 'up');
      assert.equal(result.plan.to, to);
      assert.equal(result.plan.from, applied.at(-1) ?? 'base');
      assert.equal(result.current, result.plan.from);
      assert.equal(result.pending.length, 4 - applied.length);
      for (const { revision, checksum } of result.plan.migrations) assert.equal(checksum, `sha256:${revision}`);
    });
  }

  describe('with repeatable migrations', () => {
    const FILES = filesOf('R__b', 'V1__a', 'R__a', 'V2__c');
    const REPEATED: [string, HistoryRow[], string, string[]][] = [
      ['after the versions, by name', [], 'head', ['V1__a', 'V2__c', 'R__a', 'R__b']],
      ['not before the last version', [], 'V1__a', ['V1__a']],
      [
        'at head, where they have changed',
        [...historyOf('V1__a', 'V2__c', 'R__b'), rowOf('R__a', 'applied', 'old')],
        'head',
        ['R__a'],
      ],
      ['at a version that is already there', historyOf('V1__a', 'V2__c', 'R__b'), 'V2__c', ['R__a']],
      [
        'not where they were adopted',
        [...historyOf('V1__a', 'V2__c', 'R__b'), rowOf('R__a', 'applied', null)],
        'head',
        [],
      ],
      ['not counted by +1', historyOf('R__a', 'R__b'), '+1', ['V1__a']],
    ];
    for (const [name, applied, target, expected] of REPEATED) {
      it(`runs them ${name}`, () => {
        const result = planned(applied, target, { files: FILES });
        assert.ok(result.ok, result.ok ? '' : result.problem.message);
        assert.deepEqual(
          result.plan.migrations.map(({ revision }) => revision),
          expected,
        );
        assert.doesNotMatch(`${result.plan.to} ${result.plan.from}`, /R__/);
      });
    }

    it('leaves them in a downgrade, and -1 does not count them', () => {
      const result = planned(historyOf('V1__a', 'V2__c', 'R__a', 'R__b'), '-1', { files: FILES, allowDowngrade: true });
      assert.ok(result.ok);
      assert.deepEqual(
        result.plan.migrations.map(({ revision }) => revision),
        ['V2__c'],
      );
    });

    it('reports an invalid target', () => {
      const result = planned([], 'R__a', { files: FILES });
      assert.match(result.ok ? '' : result.problem.message, /R__a is repeatable/);
    });
  });

  const DOWN: [string, string[], string, string[], string][] = [
    ['a name', ['1_a', '2_b', '10_c'], '1_a', ['10_c', '2_b'], '1_a'],
    ['base', ['1_a', '2_b'], 'base', ['2_b', '1_a'], 'base'],
    ['-1', ['1_a', '2_b'], '-1', ['2_b'], '1_a'],
    ['-2', ['1_a', '2_b'], '-2', ['2_b', '1_a'], 'base'],
  ];
  for (const [name, applied, target, expected, to] of DOWN) {
    it(`goes down to ${name}, last applied first, only where that is allowed`, () => {
      const result = planned(historyOf(...applied), target, { allowDowngrade: true });
      assert.ok(result.ok, result.ok ? '' : result.problem.message);
      assert.equal(result.plan.direction, 'down');
      assert.equal(result.plan.to, to);
      assert.deepEqual(
        result.plan.migrations.map(({ revision }) => revision),
        expected,
      );
      const refused = planned(historyOf(...applied), target);
      assert.ok(!refused.ok);
      assert.equal(refused.problem.reason, 'DowngradeNotAllowed');
      assert.ok(refused.problem.message.includes(`${expected.join(', ')} would be reverted`));
    });
  }

  describe('with migrations applied out of order', () => {
    const allow = { outOfOrder: 'Allow' as const, allowDowngrade: true };
    const CASES: [string, string[], string, 'up' | 'down', string[]][] = [
      ['applies the late one', ['1_a', '10_c'], 'head', 'up', ['2_b', '11_d']],
      ['applies a late target and leaves later ones', ['1_a', '10_c'], '2_b', 'up', ['2_b']],
      ['counts +1 over what is pending', ['1_a', '10_c'], '+1', 'up', ['2_b']],
      ['does not revert the late one for head', ['1_a', '10_c', '11_d', '2_b'], 'head', 'up', []],
      ['does not revert the late one for a later name', ['1_a', '10_c', '2_b'], '10_c', 'up', []],
      ['reverts by name what sorts behind', ['1_a', '10_c', '2_b'], '2_b', 'down', ['10_c']],
      ['reverts with -1 what was applied last', ['1_a', '10_c', '2_b'], '-1', 'down', ['2_b']],
    ];
    for (const [name, applied, target, direction, expected] of CASES) {
      it(name, () => {
        const result = planned(historyOf(...applied), target, allow);
        assert.ok(result.ok, result.ok ? '' : result.problem.message);
        assert.equal(result.plan.direction, direction);
        assert.deepEqual(
          result.plan.migrations.map(({ revision }) => revision),
          expected,
        );
      });
    }
  });

  const many = filesOf(...Array.from({ length: 12 }, (_, i) => `2024${String(i + 1).padStart(2, '0')}_m`));
  const edit = (...names: string[]): MigrationFile[] =>
    FOUR.map((file) => (names.includes(file.revision) ? { ...file, checksum: 'sha256:other' } : file));
  const REFUSED: [string, HistoryRow[], string, MigrationFile[], string, RegExp][] = [
    ['a name that nobody has', [], '9_x', FOUR, 'UnknownTarget', /"9_x".*last ones are 2_b, 10_c, 11_d/],
    ['a name where there is nothing', [], 'x', [], 'UnknownTarget', /There are no migrations/],
    [
      'a start that several have',
      [],
      '2024',
      many,
      'AmbiguousTarget',
      /is a prefix of 12 migrations: 202401_m, .*202405_m and 7 more/,
    ],
    [
      '+N beyond head',
      historyOf('1_a'),
      '+4',
      FOUR,
      'UnknownTarget',
      /\+4 goes further than the 3 pending migrations. Use head/,
    ],
    [
      '-N beyond base',
      historyOf('1_a'),
      '-2',
      FOUR,
      'UnknownTarget',
      /-2 goes further back than the 1 applied migration. Use base/,
    ],
    [
      'an interrupted migration',
      [rowOf('1_a'), rowOf('2_b', 'started')],
      'head',
      FOUR,
      'InterruptedMigration',
      /^2_b started without a transaction.*db-manager repair/,
    ],
    ['an interrupted revert', [rowOf('1_a', 'reverting')], 'head', FOUR, 'InterruptedMigration', /^1_a started/],
    [
      'a missing file',
      historyOf('1_a', '3_gone'),
      'head',
      FOUR,
      'MissingMigration',
      /^3_gone is applied \(by the run r\), but the file/,
    ],
    [
      'missing files',
      historyOf('3_x', '4_y'),
      'head',
      FOUR,
      'MissingMigration',
      /^3_x, 4_y are applied.*--remove-missing/,
    ],
    [
      'an edited file',
      historyOf('1_a', '2_b'),
      'head',
      edit('2_b'),
      'ChecksumMismatch',
      /^2_b was edited.*--accept-checksums/,
    ],
    ['a late file', historyOf('1_a', '10_c'), 'head', FOUR, 'OutOfOrder', /^2_b is pending but sorts before 10_c/],
    ['many late files', historyOf('202412_m'), 'head', many, 'OutOfOrder', /202405_m and 6 more are pending but sort/],
  ];
  for (const [name, applied, target, files, reason, message] of REFUSED) {
    it(`refuses ${name}`, () => {
      const result = planned(applied, target, { files, allowDowngrade: true });
      assert.ok(!result.ok);
      assert.equal(result.problem.reason, reason);
      assert.match(result.problem.message, message);
    });
  }

  it('reports what is interrupted before what is missing, edited or late', () => {
    const rows = [rowOf('2_b', 'applied', 'sha256:old'), rowOf('5_gone'), rowOf('10_c', 'started')];
    const reason = (history: HistoryRow[], files = FOUR) => {
      const result = planned(history, 'head', { files });
      return result.ok ? 'ok' : result.problem.reason;
    };
    assert.equal(reason(rows), 'InterruptedMigration');
    assert.equal(reason(rows.slice(0, 2)), 'MissingMigration');
    assert.equal(reason(rows.slice(0, 1)), 'ChecksumMismatch');
    assert.equal(reason([rowOf('2_b')]), 'OutOfOrder');
  });

  it('takes rows without a checksum, from another tool, as they are', () => {
    const result = planned([rowOf('1_a', 'applied', null)], 'head', { files: edit('1_a') });
    assert.ok(result.ok);
  });

  it('is at the last applied migration, not at one that only started', () => {
    assert.equal(currentPosition([]), 'base');
    assert.equal(currentPosition(historyOf('10_c', '2_b')), '2_b');
    assert.equal(currentPosition([rowOf('1_a'), rowOf('2_b', 'started')]), '1_a');
  });

  it('sorts the files itself', () => {
    const result = planned([], 'head', { files: FOUR.toReversed() });
    assert.ok(result.ok);
    assert.deepEqual(result.pending, ['1_a', '2_b', '10_c', '11_d']);
  });

  it('plans for 10,000 files and rows', () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `${20240101000000 + i}_m`);
    const result = planned(historyOf(...names.slice(0, 9_990)), 'head', { files: filesOf(...names) });
    assert.ok(result.ok);
    assert.equal(result.plan.migrations.length, 10);
  });
});

describe('The digest of a plan', () => {
  const base = {
    direction: 'up' as const,
    from: 'base' as const,
    migrations: [{ revision: revisionOf('1_a'), checksum: 'x' }],
  };
  it('is the same for the same plan, for every spelling of the target', () => {
    assert.match(planDigest(base), /^sha256:[0-9a-f]{64}$/);
    assert.equal(planDigest(base), planDigest(structuredClone(base)));
  });
  const OTHERS: [string, Parameters<typeof planDigest>[0]][] = [
    ['direction', { ...base, direction: 'down' }],
    ['start', { ...base, from: revisionOf('0_z') }],
    ['checksum', { ...base, migrations: [{ revision: revisionOf('1_a'), checksum: 'y' }] }],
    ['name', { ...base, migrations: [{ revision: revisionOf('1_b'), checksum: 'x' }] }],
    ['number of migrations', { ...base, migrations: [] }],
  ];
  for (const [name, other] of OTHERS) {
    it(`is another for another ${name}`, () => assert.notEqual(planDigest(other), planDigest(base)));
  }
});

describe('The order of revisions', () => {
  it('is total: sorting any permutation gives the same list', () => {
    const sorted = [
      '1_a',
      'V1.2__b',
      'V1.10__c',
      '2_a',
      '2_b',
      'V2__a',
      '10_x',
      '20240101T000000_a',
      '20240101000001_b',
      'A',
      'a',
    ];
    for (let shift = 0; shift < sorted.length; shift += 1) {
      const turned = [...sorted.slice(shift), ...sorted.slice(0, shift)].map(revisionOf);
      assert.deepEqual(turned.sort(compareRevisions), sorted);
      assert.deepEqual(turned.toReversed().sort(compareRevisions), sorted);
    }
  });
  it('compares numbers that no double can hold', () => {
    assert.ok(compareRevisions(revisionOf('20240101000000000001_a'), revisionOf('20240101000000000002_a')) < 0);
  });
});

describe('A plan downwards', () => {
  const loaded = (name: string, reversible: boolean): LoadedMigration => {
    const [file] = filesOf(name);
    assert.ok(file);
    const body = { kind: 'sql' as const, statements: [] };
    const down = reversible ? body : undefined;
    return { ...file, format: 'sql', description: name, up: body, down, transactional: { up: true, down: true } };
  };
  it('needs a down in every migration', () => {
    assert.equal(requireReversible([loaded('1_a', true)]), undefined);
    const problem = requireReversible([loaded('3_c', true), loaded('2_b', false), loaded('1_a', false)]);
    assert.equal(problem?.reason, 'IrreversibleMigration');
    assert.equal(problem?.migration, '2_b');
    assert.match(problem?.message ?? '', /^2_b, 1_a have no down, so nothing was reverted/);
  });
});
