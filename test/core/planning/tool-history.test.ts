import assert from 'node:assert/strict';
import { currentOf, historyChanges, isBookkeeping, toolHistories } from '../../../src/core/planning/tool-history.ts';

type Row = Record<string, unknown>;

/** Rows as the tools write them, in no order, and the revisions that they mean. */
const CASES: { tool: string; name: string; rows: Row[]; revisions: string[]; current: string }[] = [
  { tool: 'Alembic', name: 'alembic_version', rows: [{ version_num: 'a1' }], revisions: ['a1'], current: 'a1' },
  {
    tool: 'Alembic',
    name: 'alembic_version',
    rows: [{ version_num: 'b2' }, { version_num: 'a1' }],
    revisions: ['a1', 'b2'],
    current: 'a1, b2',
  },
  {
    tool: 'Django',
    name: 'django_migrations',
    rows: [
      { id: 10, app: 'shop', name: '0002_total', applied: new Date(2) },
      { id: 9, app: 'shop', name: '0001_initial', applied: new Date(1) },
    ],
    revisions: ['shop.0001_initial', 'shop.0002_total'],
    current: 'shop.0002_total',
  },
  {
    tool: 'golang-migrate',
    name: 'schema_migrations',
    rows: [{ version: '3', dirty: true }],
    revisions: ['3 (dirty)'],
    current: '3 (dirty)',
  },
  {
    tool: 'Rails or dbmate',
    name: 'schema_migrations',
    rows: [{ version: '20260102' }, { version: '20260101' }],
    revisions: ['20260101', '20260102'],
    current: '20260102',
  },
  {
    tool: 'Prisma',
    name: '_prisma_migrations',
    rows: [
      { migration_name: '2_b', started_at: new Date(2_000), finished_at: new Date(2_500), rolled_back_at: null },
      { migration_name: '1_a', started_at: new Date(1_000), finished_at: new Date(1_500), rolled_back_at: null },
      { migration_name: '3_c', started_at: new Date(3_000), finished_at: null, rolled_back_at: new Date(4_000) },
    ],
    revisions: ['1_a', '2_b'],
    current: '2_b',
  },
  {
    tool: 'Knex',
    name: 'knex_migrations',
    rows: [
      { id: 10, name: '2.cjs', batch: 1 },
      { id: 9, name: '1.cjs', batch: 1 },
    ],
    revisions: ['1.cjs', '2.cjs'],
    current: '2.cjs',
  },
  { tool: 'sequelize-cli', name: 'SequelizeMeta', rows: [{ name: '1.js' }], revisions: ['1.js'], current: '1.js' },
  {
    tool: 'TypeORM',
    name: 'migrations',
    rows: [{ id: 1, timestamp: '17', name: 'A17' }],
    revisions: ['A17'],
    current: 'A17',
  },
  {
    tool: 'Liquibase',
    name: 'DATABASECHANGELOG',
    rows: [{ ID: '1', AUTHOR: 'ann', FILENAME: 'c.sql', ORDEREXECUTED: 1 }],
    revisions: ['c.sql::1::ann'],
    current: 'c.sql::1::ann',
  },
  {
    tool: 'Flyway',
    name: 'flyway_schema_history',
    rows: [
      { installed_rank: 3, version: '2', script: 'V2__b.sql', success: false },
      { installed_rank: 1, version: '1', script: 'V1__a.sql', success: true },
      { installed_rank: 2, version: null, script: 'R__view.sql', success: true },
    ],
    revisions: ['1', 'R__view.sql', '2 (failed)'],
    current: '2 (failed)',
  },
  {
    tool: 'goose',
    name: 'goose_db_version',
    rows: [
      { id: 1, version_id: '0', is_applied: true },
      { id: 2, version_id: '5', is_applied: true },
      { id: 3, version_id: '6', is_applied: false },
    ],
    revisions: ['0', '5'],
    current: '5',
  },
  {
    tool: 'Drizzle',
    name: '__drizzle_migrations',
    rows: [{ id: 1, hash: 'abcdef0123456', created_at: '17' }],
    revisions: ['17 (abcdef01)'],
    current: '17 (abcdef01)',
  },
  {
    tool: 'node-pg-migrate',
    name: 'pgmigrations',
    rows: [{ id: 1, name: '1_a', run_on: new Date(1) }],
    revisions: ['1_a'],
    current: '1_a',
  },
  {
    tool: 'Sqitch',
    name: 'changes',
    rows: [{ change_id: 'x', change: 'orders', project: 'shop', committed_at: new Date(1) }],
    revisions: ['orders'],
    current: 'orders',
  },
];

describe('the histories of other tools', () => {
  for (const { tool, name, rows, revisions, current } of CASES) {
    it(`${tool}, ${revisions.join(', ')}`, () => {
      const [found, ...others] = toolHistories([{ schema: 'app', name, rows }]);
      assert.deepEqual(others, []);
      assert.deepEqual([found?.tool, found?.table, found?.revisions], [tool, `app.${name}`, revisions]);
      assert.equal(currentOf(found), current);
    });
  }

  it('are not those of an application whose table has the same name', () => {
    assert.deepEqual(toolHistories([{ schema: 'public', name: 'migrations', rows: [{ id: 1, bird: 'stork' }] }]), []);
    assert.deepEqual(toolHistories([{ schema: 'public', name: 'changes', rows: [{ id: 1 }] }]), []);
  });

  it('differ by the revisions that were added and removed', () => {
    const at = (...names: string[]) =>
      toolHistories([
        { schema: 'public', name: 'knex_migrations', rows: names.map((name, id) => ({ id, name, batch: 1 })) },
      ]);
    assert.deepEqual(historyChanges(at('1'), at('1')), []);
    assert.deepEqual(historyChanges([], at('1', '2')), [
      { tool: 'Knex', table: 'public.knex_migrations', from: 'base', to: '2', added: ['1', '2'], removed: [] },
    ]);
    assert.deepEqual(historyChanges(at('1', '2'), at('1'))[0]?.removed, ['2']);
    assert.ok(isBookkeeping('public.knex_migrations', at('1')));
    assert.ok(isBookkeeping('public.databasechangeloglock', []));
    assert.ok(!isBookkeeping('public.orders', at('1')));
  });
});
