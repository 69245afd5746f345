import assert from 'node:assert/strict';
import type { ReadMigration } from '../../../src/core/safety/action.ts';
import { repositoryFindings } from '../../../src/core/safety/repository.ts';

const named = (revision: string, ignore: ReadMigration['ignore'] = []) => ({
  revision,
  file: `${revision}.sql`,
  statements: [],
  ignore,
});
const rulesOf = (...revisions: string[]) =>
  repositoryFindings(revisions.map((revision) => named(revision))).map(({ rule, migration }) => `${rule} ${migration}`);

describe('rules about the names of all migrations together', () => {
  const cases: [what: string, revisions: string[], findings: string[]][] = [
    ['timestamps', ['20240101000000_a', '20240102000000_b'], []],
    ['a date with a time after a T', ['20240101T000000_a', '20240101T000001_b'], []],
    ['numbers', ['1_a', '2_b', '10_c'], []],
    ['versions of Flyway', ['V1__a', 'V1.1__b', 'V1.10__c'], []],
    ['versions with dots', ['2.5.1', '2.5.12', '2.5.118', '2.10.0_a'], []],
    ['one version twice', ['1.2.0_a', '1.2.0_b', '1.2.1_c'], ['duplicate-number 1.2.0_b']],
    ['parts after an underscore', ['1_2_a', '1_3_a'], ['duplicate-number 1_3_a']],
    ['no numbers at all', ['accounts', 'orders'], []],
    ['one number twice', ['1_a', '2_b', '2_c'], ['duplicate-number 2_c']],
    ['one number three times', ['1_a', '1_b', '1_c'], ['duplicate-number 1_b', 'duplicate-number 1_c']],
    ['one number with and without zeros', ['0002_b', '2_c'], ['duplicate-number 2_c']],
    ['a short number among timestamps', ['1_a', '20240101000000_a', '20240102000000_b'], ['mixed-numbering 1_a']],
    ['a name among numbers', ['1_a', '2_b', 'views'], ['mixed-numbering views']],
    ['nothing', [], []],
  ];
  for (const [what, revisions, findings] of cases) {
    it(`finds ${findings.length === 0 ? 'nothing' : findings.join(', ')} in ${what}`, () => {
      assert.deepEqual(rulesOf(...revisions), findings);
    });
  }

  it('points at the file, and names the one that runs first', () => {
    const [finding] = repositoryFindings([named('2_b'), named('2_c')]);
    assert.deepEqual(finding?.position, { file: '2_c.sql', line: 1, column: 1 });
    assert.match(finding?.message ?? '', /2_b runs first/);
  });

  it('is ignored by id, or by a comment with a reason', () => {
    assert.deepEqual(repositoryFindings([named('2_b'), named('2_c')], ['duplicate-number']), []);
    const excused = named('2_c', [{ rule: 'duplicate-number', why: 'both are applied' }]);
    assert.deepEqual(repositoryFindings([named('2_b'), excused]), []);
    const bare = named('2_c', [{ rule: 'duplicate-number', why: '' }]);
    assert.equal(repositoryFindings([named('2_b'), bare]).length, 1);
  });
});
