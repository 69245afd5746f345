import assert from 'node:assert/strict';
import type { HistoryRow } from '../../../src/core/model/history.ts';
import { parseRepair, REPAIR_ACTIONS } from '../../../src/core/model/requested-repair.ts';
import { currentPosition, plan } from '../../../src/core/planning/plan.ts';
import {
  type Damage,
  damageDigest,
  type RepairChoices,
  repair,
  requestedRepair,
} from '../../../src/core/planning/repair.ts';
import { type HistoryChange, stamp } from '../../../src/core/planning/stamp.ts';
import { AUTHOR, filesOf, historyOf, revisionOf, rowOf, targetOf } from './build.ts';

const FOUR = filesOf('1_a', '2_b', '10_c', '11_d');

/** What a history table holds after a change: replaced rows keep their place, new ones come last. */
function after(history: HistoryRow[], { remove, put }: HistoryChange): HistoryRow[] {
  const rows = new Map(history.filter(({ revision }) => !remove.includes(revision)).map((row) => [row.revision, row]));
  for (const row of put) rows.set(row.revision, row);
  return [...rows.values()];
}

describe('Stamping', () => {
  const CASES: [string, HistoryRow[], string, string[]][] = [
    ['head on nothing', [], 'head', ['1_a', '2_b', '10_c', '11_d']],
    ['forward', historyOf('1_a'), '10', ['1_a', '2_b', '10_c']],
    ['backward', historyOf('1_a', '2_b', '10_c'), '1_a', ['1_a']],
    ['base', historyOf('1_a', '2_b'), 'base', []],
    ['-1', historyOf('1_a', '2_b'), '-1', ['1_a']],
    ['+1', historyOf('1_a', '2_b'), '+1', ['1_a', '2_b', '10_c']],
    ['where it stands', historyOf('1_a', '2_b'), '2_b', ['1_a', '2_b']],
    ['over a gap', historyOf('1_a', '10_c'), '10_c', ['1_a', '2_b', '10_c']],
    ['over a missing file', historyOf('1_a', '5_gone'), '2_b', ['1_a', '2_b']],
    ['over an interrupted migration', [rowOf('1_a'), rowOf('2_b', 'started')], '2_b', ['1_a', '2_b']],
  ];
  for (const [name, history, target, expected] of CASES) {
    it(`${name} leaves exactly the migrations up to the target`, () => {
      const result = stamp(FOUR, history, targetOf(target), AUTHOR);
      assert.ok(result.ok);
      const rows = after(history, result);
      assert.deepEqual(
        rows.map(({ revision, state }) => [revision, state]),
        expected.map((revision) => [revision, 'applied']),
      );
      assert.equal(currentPosition(rows), expected.at(-1) ?? 'base');
      const next = plan({
        files: FOUR,
        history: rows,
        target: { kind: 'head' },
        allowDowngrade: false,
        outOfOrder: 'Refuse',
      });
      assert.ok(next.ok, next.ok ? '' : next.problem.message);
    });
  }

  describe('with repeatable migrations', () => {
    const files = filesOf('R__more', 'V1__a', 'R__view', 'V2__b');
    const REPEATABLE: [string, HistoryRow[], string, string[]][] = [
      ['head counts them last', [], 'head', ['V1__a', 'V2__b', 'R__more', 'R__view']],
      ['+1 does not count them', [], '+1', ['V1__a']],
      [
        '+1 to the last version applies them as they are',
        historyOf('V1__a'),
        '+1',
        ['V1__a', 'V2__b', 'R__more', 'R__view'],
      ],
      ['-1 does not count them', historyOf('V1__a', 'V2__b', 'R__view'), '-1', ['V1__a', 'R__view']],
    ];
    for (const [name, history, target, expected] of REPEATABLE) {
      it(name, () => {
        const result = stamp(files, history, targetOf(target), AUTHOR);
        assert.ok(result.ok);
        assert.deepEqual(
          after(history, result).map(({ revision }) => revision),
          expected,
        );
      });
    }
  });

  it('changes nothing where nothing changes, and keeps the time of rows that stay', () => {
    const history = historyOf('1_a', '10_c');
    assert.deepEqual(stamp(FOUR, historyOf('1_a'), targetOf('1_a'), AUTHOR), { ok: true, remove: [], put: [] });
    const result = stamp(FOUR, history, targetOf('10_c'), AUTHOR);
    assert.ok(result.ok);
    assert.deepEqual(
      result.put.map(({ revision, appliedAt, runId }) => [revision, appliedAt, runId]),
      [
        ['2_b', AUTHOR.now, 'stamp'],
        ['10_c', '2024-01-01T00:00:00.000Z', 'r'],
      ],
    );
  });

  it('refuses an unknown target', () => {
    const result = stamp(FOUR, [], targetOf('9'), AUTHOR);
    assert.ok(!result.ok);
    assert.equal(result.problem.reason, 'UnknownTarget');
  });
});

describe('Repair', () => {
  const nothing: RepairChoices = { acceptChecksums: false, removeMissing: false };
  const history = [rowOf('1_a', 'applied', 'sha256:old'), rowOf('5_gone'), rowOf('10_c', 'started', 'sha256:older')];
  type Row = [string, Damage, string];
  const CASES: [string, RepairChoices, string[], [string, string, string | null][], Row[]][] = [
    [
      'without a decision changes nothing and says what there is',
      nothing,
      [],
      [],
      [
        ['1_a', 'edited', 'none'],
        ['5_gone', 'missing', 'none'],
        ['10_c', 'interrupted', 'none'],
        ['10_c', 'edited', 'none'],
      ],
    ],
    [
      'accepts checksums',
      { ...nothing, acceptChecksums: true },
      [],
      [
        ['1_a', 'applied', 'sha256:1_a'],
        ['10_c', 'started', 'sha256:10_c'],
      ],
      [
        ['1_a', 'edited', 'accepted'],
        ['5_gone', 'missing', 'none'],
        ['10_c', 'interrupted', 'none'],
        ['10_c', 'edited', 'accepted'],
      ],
    ],
    [
      'drops what was not applied, and forgets what is missing',
      { ...nothing, interrupted: 'notApplied', removeMissing: true },
      ['5_gone', '10_c'],
      [],
      [
        ['1_a', 'edited', 'none'],
        ['5_gone', 'missing', 'removed'],
        ['10_c', 'interrupted', 'removed'],
      ],
    ],
    [
      'marks as applied only what it is told',
      { acceptChecksums: true, removeMissing: true, interrupted: 'applied', only: [revisionOf('10_c')] },
      [],
      [['10_c', 'applied', 'sha256:10_c']],
      [
        ['1_a', 'edited', 'none'],
        ['5_gone', 'missing', 'none'],
        ['10_c', 'interrupted', 'applied'],
        ['10_c', 'edited', 'accepted'],
      ],
    ],
  ];
  for (const [name, choices, remove, put, findings] of CASES) {
    it(name, () => {
      const result = repair(FOUR, history, choices);
      assert.deepEqual(result.remove, remove);
      assert.deepEqual(
        result.put.map(({ revision, state, checksum }) => [revision, state, checksum]),
        put,
      );
      assert.deepEqual(
        result.findings.map(({ revision, problem, action }) => [revision, problem, action]),
        findings,
      );
    });
  }

  it('with every decision made leaves a history that can be planned from', () => {
    const result = repair(FOUR, history, { acceptChecksums: true, removeMissing: true, interrupted: 'notApplied' });
    const rows = after(history, result);
    const next = plan({
      files: FOUR,
      history: rows,
      target: { kind: 'head' },
      allowDowngrade: false,
      outOfOrder: 'Refuse',
    });
    assert.ok(next.ok);
    assert.deepEqual(next.pending, ['2_b', '10_c', '11_d']);
  });

  it('finds nothing in a history that is whole', () => {
    assert.deepEqual(repair(FOUR, historyOf('1_a'), nothing), { remove: [], put: [], findings: [] });
  });
});

describe('A requested repair', () => {
  const edited = [rowOf('1_a', 'applied', 'sha256:old'), rowOf('2_b')];
  const stopped = [rowOf('1_a'), rowOf('2_b', 'started')];
  const gone = [rowOf('0_gone'), rowOf('1_a')];
  const CASES = [
    ['accept-checksums', edited, [['1_a', 'edited', 'accepted']]],
    ['applied', stopped, [['2_b', 'interrupted', 'applied']]],
    ['not-applied', stopped, [['2_b', 'interrupted', 'removed']]],
    ['remove-missing', gone, [['0_gone', 'missing', 'removed']]],
  ] as const;
  for (const [action, history, expected] of CASES) {
    it(`does ${action} once: its digest is that of one state`, () => {
      const digest = damageDigest(FOUR, history, action);
      const change = requestedRepair(FOUR, history, { action, digest });
      assert.ok(change);
      assert.deepEqual(
        change.findings.map(({ revision, problem, action: done }) => [revision, problem, done]),
        expected,
      );
      assert.equal(requestedRepair(FOUR, after([...history], change), { action, digest }), undefined);
    });
  }

  it('is not for another edit of the same file, nor for the next interruption of the same migration', () => {
    const again = filesOf('1_a', '2_b').map((file) => ({ ...file, checksum: `${file.checksum}-again` }));
    const digest = damageDigest(FOUR, edited, 'accept-checksums');
    assert.equal(requestedRepair(again, edited, { action: 'accept-checksums', digest }), undefined);
    const later = stopped.map((row) => ({ ...row, runId: 'later' }));
    assert.notEqual(damageDigest(FOUR, stopped, 'applied'), damageDigest(FOUR, later, 'applied'));
  });

  it('stays the one that was asked for when another migration has been applied since', () => {
    const since = [...stopped, rowOf('11_d')];
    assert.equal(damageDigest(FOUR, stopped, 'applied'), damageDigest(FOUR, since, 'applied'));
  });

  it('is read from one form of text only', () => {
    for (const action of REPAIR_ACTIONS) {
      assert.deepEqual(parseRepair(`${action}:0123456789abcdef`), { action, digest: '0123456789abcdef' });
    }
    for (const text of ['', 'applied', 'applied:', 'applied:0123', 'drop:0123456789abcdef', 'applied:0123456789ABCDEF'])
      assert.equal(parseRepair(text), undefined, text);
  });
});
