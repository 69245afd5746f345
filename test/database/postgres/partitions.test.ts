import assert from 'node:assert/strict';
import { compareSnapshots, describeDifference } from '../../../src/core/schema/compare.ts';
import { type Ground, openGround } from '../snapshot-fixtures.ts';

const BASE = `CREATE TABLE events (id bigint NOT NULL, at date NOT NULL, kind text) PARTITION BY RANGE (at);
CREATE INDEX events_kind ON events (kind);
CREATE TABLE logs (id serial PRIMARY KEY, line text);`;

const CHILDREN: Record<string, string> = {
  'a partition': `CREATE TABLE events_2026_01 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');`,
  'a partition with an index and a check of its own': `CREATE TABLE events_2026_02 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE INDEX events_2026_02_id ON events_2026_02 (id);
ALTER TABLE events_2026_02 ADD CHECK (id > 0);`,
  'a default partition': 'CREATE TABLE "events default" PARTITION OF events DEFAULT;',
  'a partition that is partitioned': `CREATE TABLE events_2027 PARTITION OF events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01') PARTITION BY LIST (kind);
CREATE TABLE events_2027_a PARTITION OF events_2027 FOR VALUES IN ('a');
CREATE INDEX events_2027_a_id ON events_2027_a (id);`,
  'a partition in another schema': `CREATE SCHEMA parts;
CREATE TABLE parts.events_2028 PARTITION OF events FOR VALUES FROM ('2028-01-01') TO ('2029-01-01');`,
  'a table that inherits, with a serial of its own': `CREATE TABLE logs_2026 (number serial, own_id int) INHERITS (logs);
CREATE SEQUENCE logs_2026_other OWNED BY logs_2026.own_id;
CREATE TABLE logs_2026_01 () INHERITS (logs_2026);`,
};

describe('partitions that are made at run time', () => {
  let plain: Ground;
  before(async () => {
    plain = await openGround('postgres', ['public', 'parts']);
    await plain.run(BASE);
  });
  after(() => plain.close());

  for (const [name, sql] of Object.entries(CHILDREN)) {
    it(`are not a difference, present or missing: ${name}`, async () => {
      const other = await openGround('postgres', ['public', 'parts']);
      await other.run(`${BASE}\n${sql}`);
      const [without, withThem] = [await plain.snapshot(), await other.snapshot()];
      assert.ok(withThem.tables.length > without.tables.length);
      assert.deepEqual(compareSnapshots(without, withThem).map(describeDifference), []);
      assert.deepEqual(compareSnapshots(withThem, without).map(describeDifference), []);
      const exact = compareSnapshots(without, withThem, { names: 'exact' }).map(describeDifference);
      assert.match(exact.join(), /is not expected/, 'two states of one database differ by them');
      await other.close();
    });
  }

  it('do not hide a separate table, or a difference of the parent', async () => {
    const other = await openGround('postgres', ['public', 'parts']);
    await other.run(
      `${BASE}\n${CHILDREN['a partition']}\nCREATE TABLE events_2026_copy (LIKE events);\nDROP INDEX events_kind;`,
    );
    assert.deepEqual(compareSnapshots(await plain.snapshot(), await other.snapshot()).map(describeDifference), [
      'index of events is missing ((kind))',
      'table events_2026_copy is not expected',
    ]);
    await other.close();
  });
});
