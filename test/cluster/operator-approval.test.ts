import assert from 'node:assert/strict';
import { type Ground, type Operator, openGround } from './operator-fixtures.ts';
import {
  condition,
  configMap,
  furnish,
  migration,
  postgresDatabase,
  reasonOf,
  sqliteMigration,
} from './operator-resources.ts';
import { describeCluster } from './suite.ts';

const ORDERS = {
  '1_orders.sql': [
    '-- migrate:up',
    'CREATE TABLE orders (id bigint PRIMARY KEY, symbol text, note text);',
    '-- migrate:down',
    'DROP TABLE orders;',
  ].join('\n'),
};
const drop = (column: string) =>
  [
    '-- migrate:up',
    `ALTER TABLE orders DROP COLUMN ${column};`,
    '-- migrate:down',
    `ALTER TABLE orders ADD COLUMN ${column} text;`,
  ].join('\n');
const DROP_NOTE = { ...ORDERS, '2_drop_note.sql': drop('note') };

describeCluster('approval of what the safety rules find', (cluster) => {
  let ground: Ground;
  let operator: Operator;

  before(async () => {
    ground = await openGround(cluster(), 'approval');
    await furnish(ground);
    operator = await ground.startOperator();
  });
  after(() => operator?.stop());

  const shows = (name: string, reason: string) =>
    ground.resourceWhen(name, reason, (each) => reasonOf(each) === reason);

  /** Types the command that the message gives, word by word as a shell would. */
  async function typeWhatTheMessageSays(message: string): Promise<void> {
    const [, words = '', patch = ''] = /kubectl (patch .* -p) '(\{.*?\})'/.exec(message) ?? [];
    assert.notEqual(words, '', message);
    await ground.controlPlane.mustKubectl([...words.split(' '), patch]);
  }

  async function forms(name: string) {
    const { spec, rows } = await postgresDatabase('approval');
    const columns = async () =>
      (
        await rows(
          "SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'orders' ORDER BY ordinal_position",
        )
      ).map((row) => row.name);
    return { resource: migration(name, { ...spec, approval: 'OnFindings' }), columns };
  }

  it('waits with the findings in the status, and runs only the plan that the patch of its message approves', async () => {
    const { resource, columns } = await forms('orders');
    await ground.apply(configMap('orders', ORDERS), resource);
    await ground.waitFor('orders', 'Ready');
    await ground.apply(configMap('orders', DROP_NOTE));

    const waiting = await shows('orders', 'AwaitingApproval');
    const message = condition(waiting, 'Ready')?.message ?? '';
    assert.match(message, /1 error, first drop-column at 2_drop_note\.sql:2:1: /);
    assert.equal(condition(waiting, 'Safe')?.status, 'False');
    assert.equal(condition(waiting, 'Stalled'), undefined);
    const [finding] = waiting.status?.safety?.findings ?? [];
    assert.deepEqual(
      [finding?.rule, finding?.severity, finding?.migration, finding?.statement],
      ['drop-column', 'error', '2_drop_note', 'ALTER TABLE orders DROP COLUMN note'],
    );
    assert.match(waiting.status?.safety?.checks.at(-1) ?? '', /^\d+ passed: \w[^,]+, [^,]+, [^,]+, /);
    const described = await ground.run('describe', 'dbm', 'orders');
    assert.match(described, /Rule:\s+drop-column/);
    assert.match(described, /Severity:\s+error/);
    assert.match(described, /Advice:\s+\S+/);
    assert.deepEqual(await columns(), ['id', 'symbol', 'note']);
    assert.equal(waiting.status?.backup?.name, (await ground.resource('orders')).status?.backup?.name);

    await typeWhatTheMessageSays(message);
    await ground.waitFor('orders', 'Ready');
    assert.deepEqual(await columns(), ['id', 'symbol']);

    await ground.apply(configMap('orders', { ...DROP_NOTE, '3_drop_symbol.sql': drop('symbol') }));
    const stale = await shows('orders', 'PlanChanged');
    assert.match(condition(stale, 'Ready')?.message ?? '', /drop-column at 3_drop_symbol\.sql:2:1/);
    assert.deepEqual(await columns(), ['id', 'symbol']);
  });

  it('does not use an approval for a plan that changed since', async () => {
    await ground.apply(configMap('late', ORDERS), sqliteMigration('late', { approval: 'OnFindings' }));
    await ground.waitFor('late', 'Ready');
    await ground.apply(configMap('late', DROP_NOTE));
    const approved = condition(await shows('late', 'AwaitingApproval'), 'Ready')?.message ?? '';
    await ground.apply(configMap('late', { ...DROP_NOTE, '3_drop_symbol.sql': drop('symbol') }));
    await ground.resourceWhen('late', 'planned anew', ({ status }) => status?.plan?.migrations.length === 2);
    await typeWhatTheMessageSays(approved);
    const changed = await shows('late', 'PlanChanged');
    assert.equal(changed.status?.currentRevision, '1_orders');
    await typeWhatTheMessageSays(condition(changed, 'Ready')?.message ?? '');
    await ground.waitFor('late', 'Ready');
    assert.equal((await ground.resource('late')).status?.currentRevision, '3_drop_symbol');
  });

  it('stops with UnsafePlan without an approval mode, and continues once the rule is ignored', async () => {
    await ground.apply(configMap('unsafe', ORDERS), sqliteMigration('unsafe'));
    await ground.waitFor('unsafe', 'Ready');
    await ground.apply(configMap('unsafe', DROP_NOTE));
    const unsafe = await shows('unsafe', 'UnsafePlan');
    assert.equal(condition(unsafe, 'Stalled')?.status, 'True');
    assert.match(condition(unsafe, 'Ready')?.message ?? '', /kubectl describe dbm unsafe -n /);
    assert.equal(unsafe.status?.safety?.result, 'Blocked');
    const patch = JSON.stringify({ spec: { safety: { ignore: ['drop-column'] } } });
    await ground.run('patch', 'dbm', 'unsafe', '--type=merge', `--patch=${patch}`);
    await ground.waitFor('unsafe', 'Ready');
  });
});
