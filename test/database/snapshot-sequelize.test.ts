import assert from 'node:assert/strict';
import { canonicalType } from '../../src/core/schema/types.ts';
import { defineAll } from '../../src/models/load.ts';
import { DIALECTS, type TestDialect } from '../support/databases.ts';
import { type Ground, openGround } from './snapshot-ground.ts';
import { RICH_POSTGRES, RICH_SQLITE } from './snapshot-schemas.ts';

const SCHEMAS: Record<TestDialect, string> = { postgres: RICH_POSTGRES, sqlite: RICH_SQLITE };

/** Indexes over expressions make `describeTable` (SQLite) and `showIndex` (PostgreSQL) throw. */
async function withoutExpressionIndexes(ground: Ground): Promise<void> {
  for (const { schema, indexes } of (await ground.snapshot()).tables) {
    for (const { name } of indexes.filter(({ parts }) => parts.some((part) => 'expression' in part))) {
      await ground.run(schema === 'main' ? `DROP INDEX "${name}"` : `DROP INDEX "${schema}"."${name}"`);
    }
  }
}

interface Described {
  type: string;
  allowNull: boolean;
  primaryKey: boolean;
  comment?: string | null;
}

interface ShownIndex {
  name: string;
  unique: boolean;
  primary: boolean;
  fields: { attribute: string }[];
}

interface ShownKey {
  columnName: string;
  referencedTableName: string;
  referencedColumnName: string | null;
}

/** What Sequelize 6 says otherwise, and why ours is right. */
const SEQUELIZE_IS_WRONG: Record<TestDialect, [RegExp, string][]> = {
  postgres: [
    [/^NUMERIC$/, 'loses precision and scale'],
    [/^ARRAY$/, 'loses the type of the elements'],
    [/^USER-DEFINED$/, 'loses the name of a type'],
    [/^"char"|^CHARACTER VARYING$|^TIMESTAMP WITH/, 'loses the precision'],
    [/^ENUM$|^mood$/, 'finds enums by name across schemas'],
  ],
  sqlite: [],
};

async function open(dialect: TestDialect): Promise<Ground> {
  const ground = await openGround(dialect, dialect === 'postgres' ? ['public', 'trading', 'Other'] : undefined);
  await ground.run(SCHEMAS[dialect]);
  if (dialect === 'postgres') await ground.run('CREATE SCHEMA "Other"');
  await defineAll('test/fixtures/models-types', ground.sequelize);
  await ground.sequelize.sync({ logging: false });
  await withoutExpressionIndexes(ground);
  return ground;
}

const nameFor = (dialect: TestDialect, { schema, name }: { schema: string; name: string }) =>
  dialect === 'postgres' ? { tableName: name, schema } : name;

describe('a snapshot beside what Sequelize tells', () => {
  for (const dialect of DIALECTS) {
    describe(dialect, () => {
      let ground: Ground;
      before(async () => {
        ground = await open(dialect);
      });
      after(() => ground.close());

      it('agrees with describeTable on names, NULL and keys, and on types where Sequelize keeps them whole', async () => {
        let compared = 0;
        for (const table of (await ground.snapshot()).tables) {
          // describeTable refuses a table without columns.
          if (table.columns.length === 0) continue;
          const query = ground.sequelize.getQueryInterface();
          const described = (await query.describeTable(nameFor(dialect, table))) as unknown as Record<
            string,
            Described
          >;
          const visible = table.columns.filter(({ generated }) => dialect === 'postgres' || generated === undefined);
          const names = Object.keys(described);
          for (const { name } of visible) assert.ok(names.includes(name), `${table.name}.${name}`);
          for (const column of visible) {
            const other = described[column.name];
            if (other === undefined) continue;
            const place = `${table.name}.${column.name}`;
            assert.equal(column.nullable, other.allowNull, `${place} takes NULL`);
            // A partition's key is its parent's.
            if (table.partition?.of === undefined)
              assert.equal(
                table.primaryKey?.columns.includes(column.name) ?? false,
                other.primaryKey,
                `${place} is a key`,
              );
            if (SEQUELIZE_IS_WRONG[dialect].some(([pattern]) => pattern.test(other.type))) continue;
            assert.equal(canonicalType(dialect, column.type), canonicalType(dialect, other.type), place);
            compared += 1;
          }
        }
        assert.ok(compared > 40, `${compared} types compared`);
      });

      it('agrees with showIndex on names, uniqueness and plain columns', async () => {
        let compared = 0;
        for (const table of (await ground.snapshot()).tables) {
          // Sequelize asks for relkind 'r': partitioned tables have no indexes there.
          if (table.partition !== undefined) continue;
          // INCLUDE makes it throw.
          if ([...table.uniques, ...table.indexes].some(({ include = [] }) => include.length > 0)) continue;
          const shown = (await ground.sequelize
            .getQueryInterface()
            .showIndex(nameFor(dialect, table) as string)) as ShownIndex[];
          for (const index of table.indexes) {
            const other = shown.find(({ name }) => name === index.name);
            assert.ok(other, `${table.name} has ${index.name}`);
            assert.equal(index.unique, other.unique, index.name);
            const columns = index.parts.flatMap((part) => ('column' in part ? [part.column] : []));
            assert.deepEqual(
              columns,
              other.fields.map(({ attribute }) => attribute),
              index.name,
            );
            compared += 1;
          }
        }
        assert.ok(compared >= 5, `${compared} indexes compared`);
      });

      it('agrees with the foreign key query on every column that references another', async () => {
        let compared = 0;
        for (const table of (await ground.snapshot()).tables) {
          const shown = (await ground.sequelize
            .getQueryInterface()
            .getForeignKeyReferencesForTable(nameFor(dialect, table) as string)) as unknown as ShownKey[];
          for (const key of table.foreignKeys) {
            for (const [at, column] of key.columns.entries()) {
              // For a composite key it multiplies rows, and one of them is right; SQLite keeps no column where none is written.
              const match = shown.some(
                (other) =>
                  other.columnName === column &&
                  other.referencedTableName === key.references.table &&
                  [key.references.columns[at], null, undefined].includes(other.referencedColumnName),
              );
              assert.ok(match, `${table.name}.${column}: ${JSON.stringify(shown)}`);
              compared += 1;
            }
          }
        }
        assert.ok(compared >= 3, `${compared} columns compared`);
      });
    });
  }
});
