import assert from 'node:assert/strict';
import { plan } from '../../../src/core/planning/plan.ts';
import { aheadOf } from '../../../src/core/planning/unknown.ts';
import { filesOf, historyOf, targetOf } from './build.ts';

describe('Applied migrations that the files lack', () => {
  const cases: [string, string[], string[], string[]][] = [
    ['the last one', ['1_a', '2_b'], ['1_a', '2_b', '3_c'], ['3_c']],
    ['several', ['1_a'], ['1_a', '2_b', '3_c'], ['2_b', '3_c']],
    ['one of another branch that was applied last', ['1_a', '3_c'], ['1_a', '3_c', '2_b'], ['2_b']],
    ['one that was applied early and is named last', ['1_a', '2_b'], ['1_a', '3_c', '2_b'], ['3_c']],
    ['one in the middle: a deleted file', ['1_a', '3_c'], ['1_a', '2_b', '3_c'], []],
    ['one in the middle and one at the end', ['1_a', '3_c'], ['1_a', '2_b', '3_c', '4_d'], []],
    ['next to a pending file: another branch', ['1_a', '4_d'], ['1_a', '3_c'], []],
    ['all of them: an empty folder', [], ['1_a', '2_b'], []],
    ['none', ['1_a'], ['1_a'], []],
  ];
  for (const [what, files, history, ahead] of cases) {
    it(`are ahead of the files or not: ${what}`, () =>
      assert.deepEqual(aheadOf(filesOf(...files), historyOf(...history)), ahead));
  }

  function planned(unknown: 'Refuse' | 'Accept' | 'Downgrade' | 'Revert', target = 'head', allowDowngrade = false) {
    const history = historyOf('1_a', '2_b', '3_c', '4_d');
    const input = { files: filesOf('1_a', '2_b'), history, target: targetOf(target), allowDowngrade };
    const made = plan({ ...input, outOfOrder: 'Refuse', unknown });
    if (!made.ok) return made.problem.reason;
    const { direction, to, migrations } = made.plan;
    return `${direction} to ${to}: ${migrations.map(({ revision, checksum }) => `${revision}=${checksum}`)}; ahead ${made.ahead}`;
  }

  it('are refused, accepted or reverted at head', () => {
    assert.equal(planned('Refuse'), 'MissingMigration');
    assert.equal(planned('Accept'), 'up to 2_b: ; ahead 3_c,4_d');
    assert.equal(planned('Downgrade'), 'down to 2_b: 4_d=sha256:4_d,3_c=sha256:3_c; ahead ');
    assert.equal(planned('Revert', 'head', true), 'down to 2_b: 4_d=sha256:4_d,3_c=sha256:3_c; ahead ');
  });

  it('are accepted if the target is the last of the files by name, and are the target if they are named', () => {
    assert.equal(planned('Accept', '2_b'), 'up to 2_b: ; ahead 3_c,4_d');
    assert.equal(planned('Accept', '4_d'), 'up to 4_d: ; ahead 3_c,4_d');
  });

  it('are reverted one by one only where a downgrade is allowed', () => {
    for (const policy of ['Accept', 'Downgrade'] as const) {
      assert.equal(planned(policy, '3_c'), 'DowngradeNotAllowed', policy);
      assert.equal(planned(policy, '3_c', true), 'down to 3_c: 4_d=sha256:4_d; ahead 3_c', policy);
      assert.equal(planned(policy, '1_a'), 'DowngradeNotAllowed', policy);
      assert.equal(
        planned(policy, '1_a', true),
        'down to 1_a: 4_d=sha256:4_d,3_c=sha256:3_c,2_b=sha256:2_b; ahead ',
        policy,
      );
    }
    assert.equal(planned('Accept', '-1'), 'DowngradeNotAllowed');
    assert.equal(planned('Revert', '-1', true), 'down to 3_c: 4_d=sha256:4_d; ahead ');
  });

  it('in the middle can be passed by a downgrade that a person asks for', () => {
    const history = historyOf('1_a', '2_b', '3_c');
    const files = filesOf('1_a', '3_c');
    const input = { files, history, allowDowngrade: true, outOfOrder: 'Refuse' as const, unknown: 'Revert' as const };
    const made = plan({ ...input, target: targetOf('1_a') });
    assert.ok(made.ok);
    assert.deepEqual(
      made.plan.migrations.map(({ revision }) => revision),
      ['3_c', '2_b'],
    );
  });
});
