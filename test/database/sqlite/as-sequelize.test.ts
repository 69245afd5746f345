import assert from 'node:assert/strict';
import { DataTypes, Op, type QueryInterface, Sequelize } from 'sequelize';
import { compareSnapshots, describeDifference } from '../../../src/core/schema/compare.ts';
import { look } from '../../engine/request.ts';
import { apply, databaseWith, failureOf, rowsOf, textOf } from './fixtures.ts';

/** What Sequelize itself can rebuild without a loss, so that both have to come out equal. */
const SCHEMA = `
CREATE TABLE \`owners\` (id INTEGER PRIMARY KEY, name VARCHAR(255));
CREATE TABLE \`n\` (
  id INTEGER PRIMARY KEY,
  p TEXT NOT NULL DEFAULT 'private',
  q VARCHAR(255),
  flag TINYINT(1) NOT NULL DEFAULT 0,
  amount INTEGER DEFAULT 5,
  owner_id INTEGER REFERENCES owners (id)
);
INSERT INTO owners VALUES (1, 'o');
INSERT INTO n (id, q, owner_id) VALUES (1, 'x', 1), (2, 'y', NULL);
`;

const { TEXT, STRING, INTEGER, BOOLEAN, DATE, ENUM } = DataTypes;
type Call = (q: QueryInterface) => Promise<unknown>;

const CASES: [string, Call][] = [
  ['changeColumn p {type}: NOT NULL and DEFAULT stay (H13)', (q) => q.changeColumn('n', 'p', { type: TEXT })],
  ['changeColumn p, the type alone', (q) => q.changeColumn('n', 'p', STRING(40))],
  ['changeColumn p, the type as text', (q) => q.changeColumn('n', 'p', 'VARCHAR(7)')],
  [
    'changeColumn p {type, allowNull: true}: DEFAULT stays',
    (q) => q.changeColumn('n', 'p', { type: TEXT, allowNull: true }),
  ],
  [
    'changeColumn p {type, defaultValue}: NOT NULL stays',
    (q) => q.changeColumn('n', 'p', { type: TEXT, defaultValue: 'z' }),
  ],
  ['changeColumn p {type, defaultValue: null}', (q) => q.changeColumn('n', 'p', { type: TEXT, defaultValue: null })],
  [
    'changeColumn p {type, defaultValue: undefined}',
    (q) => q.changeColumn('n', 'p', { type: TEXT, defaultValue: undefined }),
  ],
  ['changeColumn flag {type}', (q) => q.changeColumn('n', 'flag', { type: INTEGER })],
  ['changeColumn flag {defaultValue: true}', (q) => q.changeColumn('n', 'flag', { type: BOOLEAN, defaultValue: true })],
  [
    'changeColumn flag to a default in words',
    (q) => q.changeColumn('n', 'flag', { type: BOOLEAN, defaultValue: 'false' }),
  ],
  ['changeColumn q {allowNull: false}, without a type', (q) => q.changeColumn('n', 'q', { allowNull: false } as never)],
  [
    'changeColumn amount {defaultValue}, without a type',
    (q) => q.changeColumn('n', 'amount', { defaultValue: 7 } as never),
  ],
  ['changeColumn owner_id {type}: its reference stays', (q) => q.changeColumn('n', 'owner_id', { type: INTEGER })],
  ['changeColumn q {type: ENUM}', (q) => q.changeColumn('n', 'q', { type: ENUM('x', 'y') })],
  ['changeColumn q {type, unique: true}', (q) => q.changeColumn('n', 'q', { type: STRING, unique: true })],
  [
    'changeColumn q {unique: true} and back with unique: false',
    async (q) => {
      await q.changeColumn('n', 'q', { type: STRING, unique: true });
      await q.changeColumn('n', 'q', { type: STRING, unique: false });
    },
  ],
  [
    'changeColumn of several columns, one after the other',
    async (q) => {
      await q.changeColumn('n', 'p', { type: STRING });
      await q.changeColumn('n', 'q', { type: TEXT, allowNull: false });
      await q.changeColumn('n', 'amount', { type: INTEGER, allowNull: true });
    },
  ],
  ['renameColumn', (q) => q.renameColumn('n', 'p', 'visibility')],
  ['removeColumn', (q) => q.removeColumn('n', 'q')],
  ['removeColumn of one with a default', (q) => q.removeColumn('n', 'p')],
  ['removeColumn of a reference', (q) => q.removeColumn('n', 'owner_id')],
  ['addColumn', (q) => q.addColumn('n', 'r', { type: STRING, allowNull: false, defaultValue: '' })],
  ['addColumn of a boolean', (q) => q.addColumn('n', 'r', { type: BOOLEAN, defaultValue: false })],
  ['addColumn with a default in words', (q) => q.addColumn('n', 'r', { type: BOOLEAN, defaultValue: 'true' })],
  [
    'addColumn with a reference',
    (q) => q.addColumn('n', 'r', { type: INTEGER, references: { model: 'owners', key: 'id' } }),
  ],
  ['addColumn, the type alone', (q) => q.addColumn('n', 'r', DATE as never)],
  ['addIndex', (q) => q.addIndex('n', ['q', 'p'])],
  ['addIndex with fields in the options', (q) => q.addIndex('n', { fields: ['q'], unique: true, name: 'one' })],
  [
    'addIndex with order and where',
    (q) => q.addIndex('n', { fields: [{ name: 'q', order: 'DESC' }], where: { amount: { [Op.gt]: 1 } } } as never),
  ],
  [
    'addIndex of an expression',
    (q) => q.addIndex('n', { fields: [q.sequelize.fn('lower', q.sequelize.col('q'))], name: 'low' } as never),
  ],
  [
    'removeIndex by columns, and of one that is not there',
    async (q) => {
      await q.addIndex('n', ['q']);
      await q.removeIndex('n', ['q']);
      await q.removeIndex('n', 'nothing');
    },
  ],
  ['addConstraint unique', (q) => q.addConstraint('n', { type: 'unique', fields: ['q'], name: 'q_once' })],
  [
    'addConstraint check',
    (q) => q.addConstraint('n', { type: 'check', fields: ['amount'], where: { amount: [1, 5] }, name: 'few' }),
  ],
  [
    'addConstraint foreign key and removeConstraint',
    async (q) => {
      await q.bulkUpdate('n', { amount: 1 }, { id: [1, 2] });
      const references = { table: 'owners', field: 'id' };
      await q.addConstraint('n', {
        type: 'foreign key',
        fields: ['amount'],
        name: 'fk',
        references,
        onDelete: 'cascade',
        onUpdate: 'cascade',
      });
      await q.removeConstraint('n', 'fk');
    },
  ],
  ['renameTable', (q) => q.renameTable('n', 'm')],
  ['dropTable of one that is not there', (q) => q.dropTable('nothing')],
  ['createTable of one that is there', (q) => q.createTable('n', { other: INTEGER })],
  [
    'createTable',
    (q) =>
      q.createTable('t', {
        id: { type: INTEGER, primaryKey: true, autoIncrement: true },
        b: { type: BOOLEAN, defaultValue: false },
      }),
  ],
  [
    'bulkInsert, bulkUpdate, bulkDelete',
    async (q) => {
      await q.bulkInsert('n', [
        { id: 3, q: 'z' },
        { id: 4, q: null },
      ]);
      await q.bulkUpdate('n', { amount: 9 }, { id: [3, 4] });
      await q.bulkDelete('n', { id: 4 });
    },
  ],
];

async function plainly(file: string, call: Call): Promise<string | undefined> {
  const sequelize = new Sequelize({ dialect: 'sqlite', storage: file, logging: false });
  try {
    await call(sequelize.getQueryInterface());
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await sequelize.close();
  }
}

const rowsAndSchema = async (file: string) => ({
  snapshot: await look(`sqlite:///${file}`, (database) => database.snapshot()),
  rows: await rowsOf(file, `SELECT * FROM ${(await textOf(file, 'n')) === undefined ? 'm' : 'n'} ORDER BY id`),
});

describe('the SQLite query interface, compared with Sequelize itself', () => {
  for (const [name, call] of CASES)
    it(`comes out equal: ${name}`, async () => {
      const [ours, theirs] = [await databaseWith(SCHEMA), await databaseWith(SCHEMA)];
      const failed = await plainly(theirs, call);
      assert.equal(failed, undefined);
      const { outcome } = await apply(ours, [call]);
      assert.equal(outcome.kind, 'done', outcome.kind === 'failed' ? outcome.problem.message : '');
      const [a, b] = [await rowsAndSchema(ours), await rowsAndSchema(theirs)];
      assert.deepEqual(compareSnapshots(b.snapshot, a.snapshot).map(describeDifference), []);
      assert.deepEqual(a.rows, b.rows);
    });

  it('changes nothing of a column but what is named: collation, check, generated, reference with its actions', async () => {
    const file = await databaseWith(
      `CREATE TABLE o (id INTEGER PRIMARY KEY);
       CREATE TABLE n (id INTEGER PRIMARY KEY, p TEXT NOT NULL DEFAULT ('a' || 'b') COLLATE NOCASE CHECK (p <> ''),
         o INTEGER CONSTRAINT of_o REFERENCES o (id) ON DELETE CASCADE)`,
    );
    const { outcome } = await apply(file, [
      (q) => q.changeColumn('n', 'p', { type: STRING(9) }),
      (q) => q.changeColumn('n', 'o', { type: INTEGER, allowNull: false }),
    ]);
    assert.equal(outcome.kind, 'done');
    const text = (await textOf(file, 'n')) ?? '';
    assert.match(text, /p VARCHAR\(9\) NOT NULL DEFAULT \('a' \|\| 'b'\) COLLATE NOCASE CHECK \(p <> ''\)/);
    assert.match(text, /o INTEGER CONSTRAINT of_o REFERENCES o \(id\) ON DELETE CASCADE NOT NULL/);
  });

  it('accepts an identical existing index or constraint, and reports it once (H6, H14)', async () => {
    const file = await databaseWith(`${SCHEMA}
      CREATE UNIQUE INDEX IF NOT EXISTS "n_q" ON "n" ("q" ASC);
      CREATE INDEX part ON n (p) WHERE amount > 1;
      CREATE TABLE c (a INT, CONSTRAINT once UNIQUE (a));`);
    const warnings: string[] = [];
    const listen = (warning: Error) => warnings.push(warning.message);
    process.on('warning', listen);
    try {
      const { outcome } = await apply(file, [
        (q) => q.addIndex('n', ['q'], { unique: true }),
        (q) => q.addIndex('n', { fields: ['p'], name: 'PART', where: { amount: { [Op.gt]: 1 } } }),
        (q) => q.addConstraint('c', { type: 'unique', fields: ['a'], name: 'once' }),
        (q) => q.addIndex('n', ['q'], { unique: true }),
      ]);
      assert.equal(outcome.kind, 'done', outcome.kind === 'failed' ? outcome.problem.message : '');
      await new Promise((done) => setImmediate(done));
    } finally {
      process.off('warning', listen);
    }
    assert.deepEqual(
      warnings.filter((text) => text.includes('already exists')),
      [
        'addIndex: the index n_q of n already exists and is identical, so nothing was changed.',
        'addIndex: the index part of n already exists and is identical, so nothing was changed.',
        'addConstraint: the constraint once of c already exists and is identical, so nothing was changed.',
      ],
    );
  });

  const DIFFERENT: [string, Call, RegExp][] = [
    [
      'not unique',
      (q) => q.addIndex('n', ['q']),
      /different index n_q already exists: CREATE UNIQUE INDEX.*DROP INDEX "n_q"/s,
    ],
    [
      'other columns',
      (q) => q.addIndex('n', { fields: ['p', 'q'], unique: true, name: 'n_q' }),
      /different index n_q already exists/,
    ],
    [
      'other order',
      (q) => q.addIndex('n', { fields: [{ name: 'q', order: 'DESC' }], unique: true, name: 'n_q' } as never),
      /different index n_q already exists/,
    ],
    [
      'a condition',
      (q) => q.addIndex('n', { fields: ['q'], unique: true, where: { id: 1 } }),
      /different index n_q already exists/,
    ],
    [
      'another table',
      (q) => q.addIndex('owners', { fields: ['name'], name: 'n_q', unique: true }),
      /different index n_q already exists/,
    ],
    [
      'another constraint',
      (q) => q.addConstraint('c', { type: 'unique', fields: ['b'], name: 'once' }),
      /different constraint once/,
    ],
  ];
  for (const [name, call, message] of DIFFERENT)
    it(`fails where another one of that name is there: ${name}`, async () => {
      const file = await databaseWith(
        `${SCHEMA} CREATE UNIQUE INDEX n_q ON n (q); CREATE TABLE c (a INT, b INT, CONSTRAINT once UNIQUE (a));`,
      );
      assert.match(failureOf((await apply(file, [call])).outcome), message);
    });
});
