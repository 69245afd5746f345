import assert from 'node:assert/strict';
import { readAlembicScripts } from '../../src/migrations/alembic-scripts.ts';
import { folderOf, problemOf } from './files.ts';

describe("Alembic's scripts", () => {
  it('contain their chain, in every spelling of the templates', async () => {
    const folder = await folderOf({
      'a_first.py':
        '"""first\n\nRevision ID: a1\nRevises: \n"""\nrevision = "a1"\ndown_revision = None\nbranch_labels = None\n',
      'b_second.py': "revision: str = 'b2'\ndown_revision: Union[str, None] = 'a1'\n",
      'c_third.py': "revision='c3'\ndown_revision='a1'\n",
      'd_merge.py': "revision = 'd4'\ndown_revision = ('b2', 'c3')\n",
      '2024/e_next.py': "revision: str = 'e5'\ndown_revision: Union[str, Sequence[str], None] = ['d4']\n",
      '__init__.py': '',
      'notes.txt': "revision = 'x'\ndown_revision = None",
    });
    assert.deepEqual(Object.fromEntries(await readAlembicScripts(folder)), {
      a1: [],
      b2: ['a1'],
      c3: ['a1'],
      d4: ['b2', 'c3'],
      e5: ['d4'],
    });
  });

  it('are missed where there are none, or no folder', async () => {
    for (const folder of [await folderOf({ 'env.py': 'x = 1' }), '/nowhere/at/all'])
      assert.equal((await problemOf(() => readAlembicScripts(folder))).reason, 'InvalidConfiguration');
  });
});
