import assert from 'node:assert/strict';
import type { Snapshot, Table } from '../../src/core/model/snapshot.ts';
import { compareSnapshots } from '../../src/core/schema/compare.ts';
import { DIALECTS } from '../support/databases.ts';
import { sharedPostgres } from '../support/postgres.ts';
import { openGround } from './snapshot-fixtures.ts';
import { RICH_POSTGRES, RICH_SQLITE } from './snapshot-schemas.ts';

const RICH = { postgres: RICH_POSTGRES, sqlite: RICH_SQLITE };

function table({ tables }: Snapshot, name: string): Table {
  const found = tables.find((one) => one.name === name);
  assert.ok(found, `there is a table ${name}`);
  return found;
}

const column = (one: Table, name: string) => one.columns.find((column) => column.name === name);

describe('a snapshot', () => {
  for (const dialect of DIALECTS) {
    describe(`of ${dialect}`, () => {
      it('takes a constant number of queries, for any number of tables', async () => {
        const ground = await openGround(dialect);
        const counts: number[] = [];
        for (const tables of [0, 3, 40]) {
          for (let n = 0; n < tables; n += 1) {
            await ground.run(
              `CREATE TABLE t${tables}_${n} (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b INT CHECK (b > 0))`,
            );
          }
          counts.push(await ground.queriesOf(() => ground.snapshot()));
        }
        assert.equal(new Set(counts).size, 1, counts.join(', '));
        assert.ok((counts[0] ?? 99) <= 4);
        await ground.close();
      });

      it('is the same twice, and is equal when it is built again from the same text', async () => {
        const schemas = dialect === 'postgres' ? ['public', 'trading'] : undefined;
        const first = await openGround(dialect, schemas);
        const second = await openGround(dialect, schemas);
        await first.run(RICH[dialect]);
        await second.run(RICH[dialect]);
        const once = await first.snapshot();
        assert.deepEqual(await first.snapshot(), once);
        assert.deepEqual(await second.snapshot(), once);
        assert.deepEqual(compareSnapshots(once, await second.snapshot(), { names: 'exact' }), []);
        await first.close();
        await second.close();
      });

      it('leaves out the history of db-manager', async () => {
        const ground = await openGround(dialect);
        await ground.database.history.ensure();
        const { tables, sequences } = await ground.snapshot();
        assert.deepEqual({ tables, sequences }, { tables: [], sequences: [] });
        await ground.close();
      });
    });
  }

  it('contains everything that PostgreSQL keeps', async () => {
    const ground = await openGround('postgres', ['public', 'trading']);
    await ground.run(RICH_POSTGRES);
    const found = await ground.snapshot();
    const parents = table(found, 'parents');
    assert.deepEqual(
      parents.columns.map(({ name, type }) => `${name} ${type}`),
      [
        'id integer',
        'a integer',
        'b integer',
        'code character varying(20)',
        'mixedCase text',
        'order numeric(20,8)',
        'tags text[]',
        'feeling mood',
        'doc jsonb',
        'made timestamp(3) with time zone',
        'twice integer',
      ],
    );
    assert.equal(column(parents, 'id')?.serial, true);
    assert.equal(column(parents, 'mixedCase')?.collation, 'C');
    assert.equal(column(parents, 'a')?.comment, "it's a");
    assert.deepEqual(column(parents, 'twice')?.generated, { expression: '(a * 2)', stored: true });
    assert.deepEqual(parents.uniques, [
      // NULLS NOT DISTINCT came with PostgreSQL 15.
      { name: 'parents_ab', columns: ['a', 'b'], nullsNotDistinct: (await sharedPostgres()).version >= 150_000 },
      {
        name: 'parents_code',
        columns: ['code'],
        include: ['a'],
        nullsNotDistinct: false,
        deferrable: 'INITIALLY DEFERRED',
      },
    ]);
    assert.equal(parents.checks.find(({ name }) => name === 'parents_a_check')?.noInherit, true);
    const [cover, doc, lower, pattern] = parents.indexes;
    assert.deepEqual(cover?.include, ['a', 'code']);
    assert.deepEqual([doc?.method, doc?.parts[0]?.opclass], ['gin', 'jsonb_path_ops']);
    assert.equal(lower?.where, '(b > 0)');
    assert.deepEqual(lower?.parts, [
      { expression: 'lower(code::text)', order: 'ASC' },
      { column: 'b', order: 'DESC', nulls: 'LAST' },
    ]);
    assert.deepEqual(pattern?.parts[1], { column: 'mixedCase', order: 'ASC', collation: 'POSIX' });
    assert.match(parents.triggers[0]?.definition ?? '', /BEFORE UPDATE ON public\.parents FOR EACH ROW WHEN/);

    const orders = table(found, 'Orders');
    assert.deepEqual(column(orders, 'id')?.identity, {
      generation: 'ALWAYS',
      options: 'START WITH 100 INCREMENT BY 10',
    });
    assert.deepEqual(orders.primaryKey?.columns, ['id', 'side']);
    assert.deepEqual(orders.foreignKeys[1], {
      name: 'pair',
      columns: ['px', 'py'],
      references: { schema: 'public', table: 'parents', columns: ['a', 'b'] },
      onDelete: 'SET NULL',
      onUpdate: 'NO ACTION',
      ...((await sharedPostgres()).version >= 150_000 ? { onDeleteColumns: ['py'] } : {}),
      match: 'FULL',
      deferrable: 'INITIALLY DEFERRED',
      validated: true,
    });
    assert.deepEqual(orders.checks, [{ name: 'later', expression: '(px > 0)', validated: false }]);
    assert.deepEqual(orders.exclusions, [{ name: 'no_overlap', definition: 'EXCLUDE USING gist (during WITH &&)' }]);
    assert.deepEqual(table(found, 'events').partition, { by: 'RANGE (at)' });
    assert.deepEqual(table(found, 'events_rest').partition, { of: 'public.events', bound: 'DEFAULT' });
    assert.deepEqual(table(found, 'events_2024').indexes, [], "the parent's index is said once");
    assert.deepEqual(found.enums[0], { schema: 'public', name: 'mood', values: ['sad', 'ok', "it's fine"] });
    assert.deepEqual(
      found.sequences.find(({ name }) => name === 'tickets'),
      {
        schema: 'public',
        name: 'tickets',
        type: 'bigint',
        start: '100',
        increment: '5',
        options: 'MINVALUE 10 CACHE 3 CYCLE',
      },
    );
    assert.deepEqual(
      found.views.map(({ name, materialized, indexes }) => [name, materialized, indexes?.length ?? 0]),
      [
        ['codes', false, 0],
        ['sums', true, 1],
      ],
    );
    await ground.close();
  });

  it('reports that an index is INVALID after a failed CREATE INDEX CONCURRENTLY', async () => {
    const ground = await openGround('postgres');
    await ground.run('CREATE TABLE t (a int);\nINSERT INTO t VALUES (1), (1)');
    await assert.rejects(ground.run('CREATE UNIQUE INDEX CONCURRENTLY t_a ON t (a)'));
    assert.deepEqual(
      table(await ground.snapshot(), 't').indexes.map(({ name, valid }) => [name, valid]),
      [['t_a', false]],
    );
    await ground.close();
  });

  it('contains everything that SQLite keeps, also what only the CREATE TABLE text contains', async () => {
    const ground = await openGround('sqlite');
    await ground.run(RICH_SQLITE);
    const found = await ground.snapshot();
    const parents = table(found, 'parents');
    assert.deepEqual(column(parents, 'code'), {
      name: 'code',
      type: 'VARCHAR(20)',
      nullable: false,
      default: "'it''s; fine'",
      collation: 'NOCASE',
    });
    assert.deepEqual(column(parents, 'twice')?.generated, { expression: 'a * 2', stored: true });
    assert.deepEqual(column(parents, 'thrice')?.generated, { expression: 'a * 3', stored: false });
    assert.deepEqual(parents.uniques, [
      { columns: ['a', 'b'], nullsNotDistinct: false },
      { name: 'code_once', columns: ['code'], nullsNotDistinct: false },
    ]);
    assert.deepEqual(
      parents.checks.map(({ name, expression }) => [name, expression]),
      [
        [undefined, 'a > 0'],
        ['code_not_empty', 'length(code) > 0'],
      ],
    );
    assert.equal(parents.options.autoincrement, true);
    assert.deepEqual(
      parents.indexes.map(({ name, parts, where }) => ({ name, parts, where })),
      [
        { name: 'parents_code', parts: [{ column: 'code', order: 'ASC', collation: 'RTRIM' }], where: undefined },
        {
          name: 'parents_lower',
          parts: [
            { expression: 'lower(code)', order: 'ASC' },
            { column: 'b', order: 'DESC' },
          ],
          where: 'b > 0',
        },
      ],
    );
    const children = table(found, 'children');
    assert.deepEqual(children.primaryKey, { name: 'pk', columns: ['y', 'x'] });
    assert.equal(children.options.withoutRowid, true);
    assert.deepEqual(
      children.foreignKeys.map(({ name, onDelete, deferrable, references }) => [
        name,
        onDelete,
        deferrable,
        references.columns,
      ]),
      [
        ['child_of', 'CASCADE', undefined, ['id']],
        ['pair', 'NO ACTION', 'INITIALLY DEFERRED', ['a', 'b']],
      ],
    );
    assert.equal(table(found, 'strict_ones').options.strict, true);
    assert.deepEqual(
      table(found, 'bare').columns.map(({ name }) => name),
      ['c', 'd e', 'f'],
    );
    assert.equal(found.views.length, 1);
    await ground.close();
  });
});
