import assert from 'node:assert/strict';
import { DataTypes, type ModelAttributes, Sequelize } from 'sequelize';
import type { Dialect } from '../../src/core/model/dialect.ts';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import { describeDifference } from '../../src/core/schema/compare.ts';
import { differencesOn, inWordsOf } from '../../src/engine/difference.ts';
import { generateMigration } from '../../src/migrations/generate/generate.ts';
import { snapshotOf } from '../../src/models/read.ts';
import { openGround } from '../database/snapshot-fixtures.ts';
import { migrate, write } from '../migrations/generate/scenario.ts';
import { DIALECTS } from '../support/databases.ts';
import { sharedPostgres } from '../support/postgres.ts';

const {
  ARRAY,
  BIGINT,
  BLOB,
  BOOLEAN,
  CHAR,
  CIDR,
  DATE,
  DATEONLY,
  DECIMAL,
  DOUBLE,
  ENUM,
  FLOAT,
  INET,
  INTEGER,
  JSON: JSON_TYPE,
  JSONB,
  MACADDR,
  RANGE,
  REAL,
  SMALLINT,
  STRING,
  TEXT,
  TIME,
  TINYINT,
  TSVECTOR,
  UUID,
  MEDIUMINT,
} = DataTypes;
const { literal, fn, cast } = Sequelize;

/** Column by column: a type and a default, in the forms that people write. */
const BOTH: Record<string, [type: unknown, value: unknown]> = {
  int: [INTEGER, 0],
  negative: [INTEGER, -17],
  negative_text: [INTEGER, '-17'],
  big: [BIGINT, '9007199254740993'],
  negative_big: [BIGINT, '-9007199254740993'],
  small: [SMALLINT, 3],
  exponent: [DOUBLE, 1e-7],
  exponent_large: [DOUBLE, 1e21],
  float: [FLOAT, 1.5],
  float_digits: [FLOAT(11), 0.1],
  real: [REAL, -2.5],
  decimal: [DECIMAL(10, 2), 1],
  decimal_text: [DECIMAL(20, 8), '0.00000001'],
  decimal_plain: [DECIMAL, '1e3'],
  bool: [BOOLEAN, true],
  bool_false: [BOOLEAN, false],
  string: [STRING, 'a'],
  string_short: [STRING(10), "it's"],
  string_empty: [STRING, ''],
  string_backslash: [STRING, 'C:\\temp\\n'],
  string_quote: [STRING, '"quoted" \'both\''],
  string_binary: [new STRING(20, true), 'x'],
  string_number: [STRING, '007'],
  string_null: [STRING, 'NULL'],
  text: [TEXT, 'line one\nline two'],
  text_tiny: [TEXT('tiny'), 'x -- no comment'],
  text_colon: [TEXT, 'now()'],
  char: [CHAR(3), 'ab'],
  date: [DATE, new Date('2024-01-02T03:04:05.006Z')],
  date_text: [DATE, '2024-01-02T03:04:05Z'],
  date_short: [DATE, '2024-01-02'],
  date_made: [DATE, DataTypes.NOW],
  date_literal: [DATE, literal('CURRENT_TIMESTAMP')],
  date_precise: [DATE(3), '2024-01-02 03:04:05.123456'],
  dateonly: [DATEONLY, '2024-01-02'],
  dateonly_literal: [DATEONLY, literal('CURRENT_DATE')],
  time: [TIME, '09:00'],
  time_seconds: [TIME, '23:59:59'],
  uuid: [UUID, 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'],
  uuid_made: [UUID, DataTypes.UUIDV4],
  blob: [BLOB, Buffer.from([0, 1, 255])],
  blob_text: [BLOB, 'abc'],
  enumerated: [ENUM('new', "it's", 'Done'), "it's"],
  json: [JSON_TYPE, { b: [1, 2], a: null }],
  json_text: [JSON_TYPE, '{"a": 1}'],
  json_list: [JSON_TYPE, []],
};

const POSTGRES: typeof BOTH = {
  jsonb: [JSONB, { b: 1, a: 'x' }],
  jsonb_empty: [JSONB, {}],
  jsonb_number: [JSONB, 1.5],
  array: [ARRAY(STRING), ['a', 'b']],
  array_empty: [ARRAY(TEXT), []],
  array_int: [ARRAY(INTEGER), [1, -2]],
  array_nested: [ARRAY(ARRAY(INTEGER)), [[1], [2]]],
  array_enum: [ARRAY(ENUM('r', 'w')), ['r']],
  array_literal: [ARRAY(TEXT), literal('\'{a,"b c"}\'')],
  array_date: [ARRAY(DATEONLY), ['2024-01-02']],
  inet: [INET, '192.168.0.1/32'],
  cidr: [CIDR, '10.0.0.0/8'],
  macaddr: [MACADDR, '08-00-2B-01-02-03'],
  interval: ['INTERVAL', '24 hours'],
  interval_words: ['INTERVAL', literal("INTERVAL '1 day 2 hours'")],
  interval_iso: ['INTERVAL', 'P1DT2H'],
  money: ['MONEY', '1000.5'],
  bit: ['BIT(4)', literal("B'0101'")],
  bit_text: ['BIT(4)', '1010'],
  varbit: ['BIT VARYING(8)', literal("X'f'")],
  bytea: ['BYTEA', '\\xDEADbeef'],
  timestamp_plain: ['TIMESTAMP', '2024-01-02 03:04'],
  timestamp_zone: ['TIMESTAMP WITH TIME ZONE', '2024-01-02 03:04:05+02'],
  timestamp_utc: ['TIMESTAMP', literal("timezone('utc', now())")],
  timestamp_at: ['TIMESTAMP', literal("(now() AT TIME ZONE 'utc')")],
  timetz: ['TIME WITH TIME ZONE', '09:00+02'],
  point: ['POINT', '(1,2)'],
  range: [RANGE(INTEGER), literal("'[1,5]'")],
  range_date: [RANGE(DATEONLY), literal("daterange('2024-01-01', '2024-02-01')")],
  tsvector: [TSVECTOR, literal("'a b'::tsvector")],
  uuid_function: [UUID, literal('gen_random_uuid()')],
  function: [DATE, fn('now')],
  function_two: [TEXT, fn('concat', 'a', 'b')],
  casted: [INTEGER, cast('5', 'integer')],
  sum: [INTEGER, literal('1 + 2')],
  sum_of_intervals: [DATE, literal("now() + '1 day'::interval")],
  not_a_number: ['DOUBLE PRECISION', literal("'NaN'")],
  infinity: ['TIMESTAMP WITH TIME ZONE', literal("'infinity'")],
  oid: ['REGCLASS', literal("'pg_class'")],
  name: ['VARCHAR(5)', literal("'abc'::text")],
  numeric: ['NUMERIC(12,4)', literal('1.50')],
  xml: ['XML', '<a/>'],
  spaced: ['CHARACTER VARYING ( 20 )', 'x'],
  lseg: ['LSEG', '((0,0),(1,1))'],
  current_user: [TEXT, literal('CURRENT_USER')],
  nextval: [BIGINT, literal("nextval('numbers')")],
};

const SQLITE: typeof BOTH = {
  tiny: [TINYINT, 1],
  medium: [MEDIUMINT, 5],
  hex: [BLOB, literal("X'00ff'")],
  expression: [INTEGER, literal('(1 + 2)')],
  datetime: [DATE, literal("(datetime('now'))")],
  plus: [INTEGER, literal('+5')],
  truth: [BOOLEAN, literal('TRUE')],
  epoch: [INTEGER, literal("(strftime('%s','now'))")],
};

const COLUMNS: Record<Dialect, typeof BOTH> = {
  sqlite: { ...BOTH, ...SQLITE },
  postgres: { ...BOTH, ...POSTGRES },
};

/** One table for each column, so that one that cannot be made hides no other. */
function modelsOf(dialect: Dialect, sequelize: Sequelize): void {
  for (const [name, [type, defaultValue]] of Object.entries(COLUMNS[dialect])) {
    const attributes = { id: { type: INTEGER, primaryKey: true }, value: { type, defaultValue } } as ModelAttributes;
    sequelize.define(name, attributes, { timestamps: false, tableName: `t_${name}` });
  }
}

/** A server that was built without libxml has the type, and takes no value of it. */
async function leaveOutXml(): Promise<void> {
  const server = await sharedPostgres();
  await server.query("SELECT '<a/>'::xml").catch((error: Error) => {
    if (!/unsupported XML feature/.test(error.message)) throw error;
    console.warn('    left out: xml, which this build of PostgreSQL does not support');
    delete COLUMNS.postgres.xml;
  });
}

for (const dialect of DIALECTS) {
  describe(`every type and default of Sequelize on ${dialect}`, function () {
    this.timeout(120_000);
    if (dialect === 'postgres') before(leaveOutXml);
    const unconnected = new Sequelize({ dialect, ...(dialect === 'sqlite' ? { storage: ':memory:' } : {}) });
    const models = (): Snapshot => {
      modelsOf(dialect, unconnected);
      return snapshotOf(Object.values(unconnected.models), dialect);
    };

    it('is what Sequelize itself makes', async () => {
      const ground = await openGround(dialect);
      if (dialect === 'postgres') await ground.run('CREATE SEQUENCE numbers');
      modelsOf(dialect, ground.sequelize);
      await ground.sequelize.sync({ logging: false });
      const found = await ground.snapshot();
      assert.equal(found.tables.length, Object.keys(COLUMNS[dialect]).length);
      assert.deepEqual((await differencesOn(ground.database, models(), found)).map(describeDifference), []);
      await ground.close();
    });

    it('is generated once: after its migration nothing is left to generate', async () => {
      const ground = await openGround(dialect);
      if (dialect === 'postgres') await ground.run('CREATE SEQUENCE numbers');
      const expected = models();
      const generated = generateMigration({ expected, found: await ground.snapshot(), format: 'sql' });
      await migrate({ dialect, migrated: ground }, await write(generated, 'sql'), 'up', '');
      const found = await ground.snapshot();
      const worded = await inWordsOf(ground.database, expected, found);
      assert.deepEqual(generateMigration({ expected: worded, found, format: 'sql' }), { kind: 'nothing' });
      await ground.close();
    });

    it('is a difference where the value is another one', async () => {
      const ground = await openGround(dialect);
      const values: [string, unknown, unknown][] = [
        ['TIME', '09:00', '09:01'],
        ['VARCHAR(20)', 'a', 'A'],
        ['DECIMAL(10,2)', 1, 2],
        ...(dialect === 'postgres'
          ? ([
              ['INTERVAL', '24 hours', '1 day'],
              ['TIMESTAMP WITH TIME ZONE', '2024-01-02 03:04:05+02', '2024-01-02 03:04:05+01'],
              ['INET', '10.0.0.1', '10.0.0.2'],
              ['TEXT', literal('current_user'), literal('session_user')],
              ['TEXT[]', literal("'{a,b}'"), literal("'{b,a}'")],
            ] as [string, unknown, unknown][])
          : []),
      ];
      const define = (sequelize: Sequelize, at: 1 | 2) => {
        values.forEach((value, index) => {
          const attributes = {
            id: { type: INTEGER, primaryKey: true },
            v: { type: value[0], defaultValue: value[at] },
          };
          sequelize.define(`d${index}`, attributes as ModelAttributes, { timestamps: false, tableName: `d${index}` });
        });
        return Object.values(sequelize.models);
      };
      define(ground.sequelize, 1);
      await ground.sequelize.sync({ logging: false });
      const own = new Sequelize({ dialect, ...(dialect === 'sqlite' ? { storage: ':memory:' } : {}) });
      const differences = await differencesOn(
        ground.database,
        snapshotOf(define(own, 2), dialect),
        await ground.snapshot(),
      );
      assert.deepEqual(
        differences.map(({ table, property }) => `${table.replace(/^.*\./, '')} ${property}`),
        values.map((_, index) => `d${index} default`),
      );
      await ground.close();
    });
  });
}
