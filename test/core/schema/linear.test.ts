import assert from 'node:assert/strict';
import type { Snapshot, Table } from '../../../src/core/model/snapshot.ts';
import { compareSnapshots } from '../../../src/core/schema/compare.ts';
import { diagramOfChange } from '../../../src/core/schema/diagram/diagram.ts';
import { renameCandidates } from '../../../src/core/schema/renames.ts';
import { withoutReused } from '../../../src/core/schema/serial-sequences.ts';

let reads = 0;

/** A table that counts how often its name is read: each search through all tables reads all names. */
function table(name: string, columns: readonly string[]): Table {
  const made = {
    schema: 'public',
    name,
    columns: columns.map((column) => ({ name: column, type: 'integer', nullable: true, serial: true })),
    uniques: [],
    indexes: [],
    checks: [],
    exclusions: [],
    triggers: [],
    options: {},
    foreignKeys: [
      { columns: ['a'], references: { schema: 'public', table: 't0', columns: ['a'] }, onDelete: 'NO ACTION' },
    ],
  };
  return new Proxy(made, {
    get(target, property) {
      if (property === 'name') reads += 1;
      return Reflect.get(target, property);
    },
  }) as unknown as Table;
}

function snapshot(count: number, name: string, columns: readonly string[]): Snapshot {
  const tables = Array.from({ length: count }, (_, n) => table(`${name}${n}`, columns));
  return { dialect: 'postgres', tables, enums: [], sequences: [], views: [], functions: [] } as unknown as Snapshot;
}

const WORK: Record<string, (count: number) => void> = {
  'the diagram of a change': (count) => {
    const { boxes } = diagramOfChange(snapshot(count, 't', ['a', 'b', 'c']), snapshot(count, 't', ['a', 'b', 'd']));
    assert.equal(boxes.length, count);
  },
  'a comparison': (count) => {
    const found = compareSnapshots(snapshot(count, 't', ['a', 'b']), snapshot(count, 't', ['a', 'c']));
    assert.equal(found.length, 2 * count);
  },
  'candidates for renames': (count) => {
    const found = renameCandidates(snapshot(count, 'new', ['a', 'b']), snapshot(count, 'old', ['a', 'b']));
    assert.equal(found.length, count);
  },
  'sequences that columns take': (count) => {
    const expected = snapshot(count, 't', ['a']);
    const differences = Array.from({ length: count }, (_, n) => ({
      kind: 'changed' as const,
      object: 'column' as const,
      table: `public.t${n}`,
      name: 'a',
      property: 'automatic value',
    }));
    assert.equal(withoutReused(differences, expected).length, count);
  },
};

describe('the work for ten times as many tables is at most eleven times as much in', () => {
  for (const [what, work] of Object.entries(WORK)) {
    it(what, () => {
      const readsFor = (count: number) => {
        reads = 0;
        work(count);
        return reads;
      };
      const few = readsFor(30);
      assert.ok(few > 0);
      assert.ok(readsFor(300) <= 11 * few, `${reads} instead of ${few} reads of a name`);
    });
  }
});
