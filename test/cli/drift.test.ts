import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { runSql, targetOf } from '../backups/fixtures.ts';
import { hostedProject } from './fixtures.ts';

const ORDERS = `-- migrate:up
CREATE TABLE orders (id integer PRIMARY KEY, amount integer NOT NULL);
CREATE INDEX orders_amount ON orders (amount);
-- migrate:down
DROP TABLE orders;
`;

describe('docs/operations/drift.md', function () {
  this.timeout(120_000);

  it('shows what the command prints, and its exit code', async () => {
    const page = await readFile('docs/operations/drift.md', 'utf8');
    const shown = /```\n(The schema differs[\s\S]*?)```/.exec(page)?.[1];
    const here = await hostedProject('postgres');
    await here.write('migrations/1_orders.sql', ORDERS);
    await here.json('migrate', 'upgrade');
    const none = await here.run('drift');
    assert.deepEqual(
      [none.code, none.out.trim()],
      [0, 'The schema matches a replay of the applied migrations. No drift was found.'],
    );
    await runSql(targetOf(here.url), 'ALTER TABLE orders ADD COLUMN extra text; DROP INDEX orders_amount;');
    const found = await here.run('drift');
    assert.equal(found.out.trimEnd(), shown?.trimEnd());
    assert.equal(found.code, 3, found.err);
    const ignored = await here.run('drift', '--ignore', 'orders');
    assert.equal(ignored.code, 0, ignored.err);
    assert.match(ignored.out, /Ignored: 2 differences/);
  });

  it('is refused where the models are asked for and there are none', async () => {
    const here = await hostedProject('sqlite');
    await here.write('migrations/1_orders.sql', ORDERS);
    await here.json('migrate', 'upgrade');
    const { code, err } = await here.run('drift', '--against', 'models');
    assert.equal(code, 2);
    assert.match(err, /No models were found/);
  });
});
