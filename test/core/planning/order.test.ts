/** The order of migrations, and the messages about those that are missing, edited or late. */
import assert from 'node:assert/strict';
import type { HistoryRow } from '../../../src/core/model/history.ts';
import type { MigrationFile } from '../../../src/core/model/migration.ts';
import { checkIntegrity } from '../../../src/core/planning/integrity.ts';
import { orderOf, sortFiles } from '../../../src/core/planning/order.ts';
import { repeatablesLast } from '../../../src/core/planning/repeatable.ts';
import { filesOf, historyOf, revisionOf, rowOf } from './build.ts';

/** Code in these folders; the revision is the name of the file. */
const codeOf = (...paths: string[]): MigrationFile[] =>
  paths.map((path) => {
    const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.\w+$/, '');
    return { revision: revisionOf(name), files: [path], checksum: `sha256:${name}` };
  });
const namesOf = (files: readonly MigrationFile[]) => files.map(({ revision }) => revision);

describe('The order of the files of a folder', () => {
  for (const { what, files, order } of [
    { what: 'code by name, as text', files: codeOf('9_b.js', '10_a.ts'), order: ['10_a', '9_b'] },
    { what: 'code in folders by the names alone', files: codeOf('x/b1.js', 'y/a2.cjs'), order: ['a2', 'b1'] },
    { what: 'SQL by number', files: filesOf('10_a', '9_b'), order: ['9_b', '10_a'] },
    {
      what: 'code beside SQL by number',
      files: [...codeOf('10_a.js'), ...filesOf('9_b')],
      order: ['9_b', '10_a'],
    },
    { what: 'parts of versions of Flyway', files: filesOf('V1_10__a', 'V1_9__b'), order: ['V1_9__b', 'V1_10__a'] },
    { what: 'a number, then a name', files: filesOf('1_9_b', '1_10_a'), order: ['1_10_a', '1_9_b'] },
    { what: 'repeatable ones last', files: filesOf('R__a', 'zeta', 'alpha'), order: ['alpha', 'zeta', 'R__a'] },
    { what: 'numbered ones first', files: filesOf('alpha', '2_b'), order: ['2_b', 'alpha'] },
  ]) {
    it(`is right for ${what}`, () => {
      assert.deepEqual(namesOf(sortFiles(files)), order);
      assert.deepEqual(namesOf(sortFiles(files.toReversed())), order);
    });
  }

  it('also holds for applied code whose file is gone', () => {
    const compare = orderOf(codeOf('1_a.js', '3_c.js'));
    assert.ok(compare(revisionOf('2_b'), revisionOf('3_c')) < 0);
    assert.ok(compare(revisionOf('3_c'), revisionOf('2_b')) > 0);
    assert.ok(compare(revisionOf('2_b'), revisionOf('1_a')) > 0);
  });

  it('of a new database has the repeatable ones last, by name', () => {
    const applied = ['1_a', 'R__z', '2_b', 'R__a'].map(revisionOf);
    assert.deepEqual(repeatablesLast(applied), ['1_a', '2_b', 'R__a', 'R__z']);
  });
});

describe('What a plan says about a history that does not fit the files', () => {
  const message = (files: readonly MigrationFile[], history: readonly HistoryRow[]) =>
    checkIntegrity(files, history, 'Refuse')?.message ?? 'nothing';
  const by = (name: string, runId: string) => ({ ...rowOf(name), runId });

  it('one file is missing, or several', () => {
    assert.equal(
      message(filesOf('1_a'), historyOf('1_a', '2_b')),
      '2_b is applied (by the run r), but the file is not in the migrations folder. Restore it, or deploy the version that contains it. To revert it with the stored text: db-manager migrate downgrade. To remove it from the history: db-manager repair --remove-missing',
    );
    assert.equal(
      message(filesOf('1_a'), historyOf('1_a', '2_b', '3_c')),
      '2_b, 3_c are applied (by the run r), but the files are not in the migrations folder. Restore them, or deploy the version that contains them. To revert them with the stored text: db-manager migrate downgrade. To remove them from the history: db-manager repair --remove-missing',
    );
  });

  it('the runs are those that applied the missing ones, where they are known', () => {
    const told = (...rows: HistoryRow[]) => / applied(.*?), but/.exec(message(filesOf('1_a'), rows))?.[1];
    assert.equal(told(by('1_a', 'own'), by('2_b', 'x')), ' (by the run x)');
    assert.equal(told(by('1_a', 'own'), by('2_b', 'x'), by('3_c', 'y')), ' (by the runs x, y)');
    assert.equal(told(by('1_a', 'own'), by('2_b', '')), '');
    assert.equal(told(by('1_a', 'own'), by('2_b', ''), by('3_c', 'y')), ' (by the run y)');
    const five = ['v', 'w', 'x', 'y', 'z'].map((run, index) => by(`${index + 2}_m`, run));
    assert.equal(told(by('1_a', 'own'), ...five.slice(0, 3)), ' (by the runs v, w, x)');
    assert.equal(told(by('1_a', 'own'), ...five), ' (by the runs v, w, x and 2 more)');
  });

  it('a pending file has the text of a missing one', () => {
    const renamed = { ...filesOf('3_new')[0], checksum: 'sha256:2_b' } as MigrationFile;
    const hint =
      /^2_b is applied .* 3_new has the text of 2_b: rename the file back; otherwise it is a new migration\./;
    assert.match(message([...filesOf('1_a'), renamed], historyOf('1_a', '2_b')), hint);
    // Another text; or a text that an applied migration has too.
    assert.doesNotMatch(message(filesOf('1_a', '3_new'), historyOf('1_a', '2_b')), /has the text/);
    const copy = { ...filesOf('1_a')[0], checksum: 'sha256:2_b' } as MigrationFile;
    const applied = [rowOf('1_a', 'applied', 'sha256:2_b'), rowOf('2_b')];
    assert.doesNotMatch(message([copy], applied), /has the text/);
  });

  it('one file was edited, or several', () => {
    const edited = (...names: string[]) => names.map((name) => rowOf(name, 'applied', 'sha256:before'));
    assert.equal(
      message(filesOf('1_a'), edited('1_a')),
      '1_a was edited after being applied. Undo the edit and write a new migration, or accept the file as it is: db-manager repair --accept-checksums',
    );
    assert.equal(
      message(filesOf('1_a', '2_b'), edited('1_a', '2_b')),
      '1_a, 2_b were edited after being applied. Undo the edit and write a new migration, or accept the files as they are: db-manager repair --accept-checksums',
    );
  });

  it('one file is late, or several, compared with the greatest version that is applied', () => {
    assert.equal(
      message(filesOf('1_a', '2_b', '3_c'), historyOf('1_a', '3_c')),
      '2_b is pending but sorts before 3_c, which is applied. Rename the file so that it comes last, or set outOfOrder: Allow.',
    );
    assert.equal(
      message(filesOf('1_a', '2_b', '3_c', '5_e', '4_d'), historyOf('1_a', '5_e', '2_b')),
      '3_c, 4_d are pending but sort before 5_e, which is applied. Rename the files so that they come last, or set outOfOrder: Allow.',
    );
  });
});
