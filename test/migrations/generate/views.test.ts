import assert from 'node:assert/strict';
import { generateMigration } from '../../../src/migrations/generate/generate.ts';
import { openGround } from '../../database/snapshot-fixtures.ts';

describe('views that a generated migration makes again', () => {
  it('are flagged where their text is from before a rename', async () => {
    const [found, expected] = [await openGround('postgres'), await openGround('postgres')];
    await found.run('CREATE TABLE t (id int PRIMARY KEY, a int, b text);\nCREATE VIEW v AS SELECT a, b FROM t');
    await expected.run('CREATE TABLE t (id int PRIMARY KEY, a bigint, body text)');
    const generated = generateMigration({
      expected: { ...(await expected.snapshot()), unsupportedKinds: ['view'] },
      found: await found.snapshot(),
      format: 'sql',
      renames: [{ kind: 'column', table: 't', from: 'b', to: 'body' }],
    });
    await Promise.all([found.close(), expected.close()]);
    assert.ok(generated.kind === 'migration');
    const [{ up, down } = { up: '', down: '' }] = generated.files;
    for (const text of [up, down]) {
      assert.match(text, /-- Was written before the renames: read body for b in v\.\nCREATE VIEW "v"/);
    }
    assert.ok(generated.warnings.some((warning) => warning.includes('read body for b in v')));
  });
});
