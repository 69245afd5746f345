import assert from 'node:assert/strict';
import type { Column, Snapshot, Table } from '../../../src/core/model/snapshot.ts';
import { compareSnapshots, describeDifference, fixOf } from '../../../src/core/schema/compare.ts';
import { planMigrationFiles } from '../../../src/core/schema/migration-files.ts';
import { renameCandidates } from '../../../src/core/schema/renames.ts';
import { toValidationResult } from '../../../src/core/schema/validation.ts';

const id: Column = { name: 'id', type: 'integer', nullable: false };
const column = (name: string, more: Partial<Column> = {}): Column => ({ name, type: 'text', nullable: true, ...more });

function table(name: string, columns: Column[], more: Partial<Table> = {}): Table {
  return {
    schema: 'public',
    name,
    columns: [id, ...columns],
    primaryKey: { name: `${name}_pkey`, columns: ['id'] },
    uniques: [],
    foreignKeys: [],
    checks: [],
    exclusions: [],
    indexes: [],
    triggers: [],
    options: { withoutRowid: false, strict: false, autoincrement: false },
    ...more,
  };
}

function schema(tables: Table[], more: Partial<Snapshot> = {}): Snapshot {
  return { dialect: 'postgres', tables, enums: [], sequences: [], views: [], ...more };
}

const wanted = schema([
  table('orders', [column('note'), column('total', { type: 'numeric(20,8)' })]),
  table('fills', [column('price')]),
]);
const found = schema([
  table('orders', [column('total', { type: 'numeric(10,2)' }), column('extra')]),
  table('old_stuff', [column('a')]),
]);

describe('a difference', () => {
  it('has object, expected, found, and the fix', () => {
    const differences = compareSnapshots(wanted, found);
    assert.deepEqual(differences.map(describeDifference), [
      'column orders.note is missing (text)',
      'column orders.total: type is numeric(10,2), expected numeric(20,8)',
      'column orders.extra is not expected (text)',
      'table fills is missing',
      'table old_stuff is not expected',
    ]);
    assert.deepEqual(differences.map(fixOf), [
      'create column orders.note as text',
      'set the type of column orders.total to numeric(20,8)',
      'drop column orders.extra, or add it to the expected schema',
      'create table fills',
      'drop table old_stuff, or add it to the expected schema',
    ]);
  });

  it('is none between a schema and itself, in any order of sets', () => {
    const uniques = [
      { columns: ['a'], nullsNotDistinct: false },
      { columns: ['b'], nullsNotDistinct: false },
    ];
    const one = schema([table('t', [column('a'), column('b')], { uniques }), table('s', [])]);
    const other = schema([table('s', []), table('t', [column('b'), column('a')], { uniques: uniques.toReversed() })]);
    assert.deepEqual(compareSnapshots(one, other), []);
  });

  it('of names counts only between two states of one database', () => {
    const named = (name: string) =>
      schema([table('t', [column('a')], { uniques: [{ name, columns: ['a'], nullsNotDistinct: false }] })]);
    assert.deepEqual(compareSnapshots(named('one'), named('two')), []);
    assert.notDeepEqual(compareSnapshots(named('one'), named('two'), { names: 'exact' }), []);
  });

  it('is none for histories of other tools, nor for partitions, which programs create at run time', () => {
    const there = schema([table('t', []), table('SequelizeMeta', []), table('t_2024', [], { partition: { of: 't' } })]);
    assert.deepEqual(compareSnapshots(schema([table('t', [])]), there).map(describeDifference), []);
    assert.deepEqual(
      compareSnapshots(schema([table('t', [])]), there, { names: 'exact' }).map(describeDifference),
      ['table t_2024 is not expected'],
      'two states of one database differ by what a migration made',
    );
    const models = schema([table('t', [])], { unsupportedKinds: ['option'] });
    assert.deepEqual(compareSnapshots(models, there), []);
    assert.deepEqual(planMigrationFiles(models, there), [], 'and nobody drops them');
  });

  it('is none where the expected side has no words for it', () => {
    const checks = [{ name: 'c', expression: 'id > 0', validated: true }];
    const there = schema([table('t', [], { checks })], {
      views: [{ schema: 'public', name: 'v', materialized: false, definition: 'SELECT 1' }],
    });
    assert.equal(compareSnapshots(schema([table('t', [])]), there).length, 2);
    assert.deepEqual(compareSnapshots(schema([table('t', [])], { unsupportedKinds: ['check', 'view'] }), there), []);
  });
});

describe('the result of a validation', () => {
  it('has the shape of the library section', () => {
    const results = toValidationResult(wanted, found);
    assert.equal(results.valid, false);
    assert.deepEqual(results.missingTables, ['fills']);
    assert.deepEqual(results.extraTables, ['old_stuff']);
    const { orders } = results.tables;
    assert.deepEqual(orders?.missingColumns, ['note']);
    assert.deepEqual(orders?.extraColumns, ['extra']);
    assert.deepEqual(orders?.typeMismatches, [{ column: 'total', expected: 'numeric(20,8)', found: 'numeric(10,2)' }]);
    assert.equal(orders?.differences.length, 3);
    assert.deepEqual(
      orders?.differences.find(({ property }) => property === 'type'),
      {
        kind: 'changed',
        object: 'column orders.total',
        property: 'type',
        expected: 'numeric(20,8)',
        found: 'numeric(10,2)',
        message: 'column orders.total: type is numeric(10,2), expected numeric(20,8)',
        fix: 'set the type of column orders.total to numeric(20,8)',
      },
    );
    assert.equal(results.tables.fills?.valid, false);
    assert.deepEqual(toValidationResult(wanted, wanted).tables.orders, {
      valid: true,
      missingColumns: [],
      extraColumns: [],
      typeMismatches: [],
      differences: [],
    });
  });
});

describe('stages', () => {
  const kinds = (expected: Snapshot, from: Snapshot, safe?: boolean) =>
    planMigrationFiles(expected, from, { safe }).map(({ up, transaction }) => [
      transaction,
      ...up.map(({ kind }) => kind),
    ]);
  const index = {
    name: 't_a',
    unique: false,
    method: 'btree',
    parts: [{ column: 'a', order: 'ASC' as const }],
    include: [],
    nullsNotDistinct: false,
    valid: true,
  };
  const before = schema([table('t', [column('a')])]);
  const after = schema([
    table('t', [column('a', { nullable: false })], {
      indexes: [index],
      checks: [{ name: 'c', expression: "a <> ''", validated: true }],
    }),
  ]);

  it('keep what scans or locks a table with rows in migrations of their own', () => {
    assert.deepEqual(kinds(after, before), [
      [true, 'addConstraint', 'addConstraint'],
      [false, 'createIndex'],
      [true, 'validateConstraint', 'validateConstraint', 'alterColumn', 'dropConstraint'],
    ]);
  });

  it('are one if locks are allowed, or the table is new', () => {
    assert.equal(kinds(after, before, false).length, 1);
    assert.deepEqual(kinds(after, schema([])), [[true, 'createTable', 'createIndex']]);
  });

  it('are none where nothing differs', () => assert.deepEqual(kinds(after, after), []));

  it('drop children before parents and create parents before children', () => {
    const key = { columns: ['id'], references: { schema: 'public', table: 'z', columns: ['id'] } };
    const child = table('a', [], {
      foreignKeys: [{ ...key, onDelete: 'NO ACTION', onUpdate: 'NO ACTION', validated: true }],
    });
    const [stage] = planMigrationFiles(schema([child, table('z', [])]), schema([]));
    const names = (steps: typeof stage extends undefined ? never : NonNullable<typeof stage>['up']) =>
      steps.map((one) => (one.kind === 'createTable' || one.kind === 'dropTable' ? one.table.name : one.kind));
    assert.deepEqual(names(stage?.up ?? []), ['z', 'a']);
    assert.deepEqual(names(stage?.down ?? []), ['a', 'z']);
  });
});

describe('rename candidates', () => {
  it('are columns of the same kind and tables of the same shape, each used once', () => {
    const from = schema([table('t', [column('a'), column('n', { type: 'integer' })]), table('gone', [column('x')])]);
    const to = schema([
      table('t', [column('b'), column('c'), column('m', { type: 'bigint' })]),
      table('come', [column('x')]),
    ]);
    assert.deepEqual(renameCandidates(to, from), [
      { kind: 'table', from: 'gone', to: 'come' },
      { kind: 'column', table: 't', from: 'a', to: 'b' },
    ]);
  });
});
