import type { Reason } from '../../src/core/model/reason.ts';
import type { Ground } from './operator-fixtures.ts';
import { configMap, sqliteMigration } from './operator-resources.ts';

/** An ending that docs/operations/describe.md shows. */
export interface Ending {
  title: string;
  about: string;
  name: string;
  reason: Reason;
  /** Makes what ends so. */
  prepare(ground: Ground): Promise<void>;
}

const up = (...lines: string[]) => ['-- migrate:up', ...lines, '-- migrate:down', 'SELECT 1;', ''].join('\n');

const ORDERS = {
  '1_orders.sql': [
    '-- migrate:up',
    'CREATE TABLE orders (id integer PRIMARY KEY, symbol text NOT NULL, note text);',
    "INSERT INTO orders (symbol, note) VALUES ('AAPL', 'first'), ('MSFT', NULL), ('AAPL', 'again');",
    '-- migrate:down',
    'DROP TABLE orders;',
    '',
  ].join('\n'),
};
const POSITIONS = {
  '2_positions.sql': [
    '-- migrate:up',
    'CREATE TABLE positions (id integer PRIMARY KEY, order_id integer REFERENCES orders (id) ON DELETE CASCADE);',
    'INSERT INTO positions (order_id) SELECT id FROM orders;',
    '-- migrate:down',
    'DROP TABLE positions;',
    '',
  ].join('\n'),
};

/** One after the other on the same kind of database, each with its own file. */
async function two(
  ground: Ground,
  name: string,
  first: Record<string, string>,
  then: Record<string, string>,
  spec = {},
) {
  await ground.apply(configMap(name, first), sqliteMigration(name, spec));
  await ground.waitFor(name, 'Ready');
  await ground.apply(configMap(name, { ...first, ...then }));
}

export const ENDINGS: readonly Ending[] = [
  {
    title: 'Ready',
    about: 'The run checked, backed up, rehearsed on the restored backup, applied and verified.',
    name: 'orders',
    reason: 'Migrated',
    prepare: async (ground) => {
      await ground.apply(configMap('orders', ORDERS), sqliteMigration('orders'));
    },
  },
  {
    title: 'A plan awaits approval',
    about:
      'With `approval: OnFindings`, a plan with findings of the safety rules waits for approval. `Ready` has the command that approves exactly this plan. `Stalled` is absent, so tools that wait keep waiting.',
    name: 'drops-a-column',
    reason: 'AwaitingApproval',
    prepare: (ground) =>
      two(
        ground,
        'drops-a-column',
        ORDERS,
        {
          '2_drop_note.sql':
            '-- migrate:up\nALTER TABLE orders DROP COLUMN note;\n-- migrate:down\nALTER TABLE orders ADD COLUMN note text;\n',
        },
        { approval: 'OnFindings' },
      ),
  },
  {
    title: 'A migration failed',
    about:
      'Without a rehearsal, it fails on the database, and the transaction is rolled back. The statement, its position and the message of the database remain after the Job and its pod are deleted.',
    name: 'fails',
    reason: 'MigrationFailed',
    prepare: (ground) =>
      two(
        ground,
        'fails',
        ORDERS,
        { '2_one_order_a_symbol.sql': up('CREATE UNIQUE INDEX one_order_a_symbol ON orders (symbol);') },
        { safety: { rehearsal: 'Disabled' } },
      ),
  },
  {
    title: 'The rehearsal found lost rows',
    about:
      'The migration deletes orders, and `ON DELETE CASCADE` deletes positions too, a table that the migration does not mention. The migration ran on the copy only.',
    name: 'loses-rows',
    reason: 'RowsLost',
    prepare: (ground) =>
      two(
        ground,
        'loses-rows',
        { ...ORDERS, ...POSITIONS },
        {
          '3_clean.sql': up("DELETE FROM orders WHERE note = 'again';"),
        },
      ),
  },
  {
    title: 'A run waits for another resource',
    about: 'A run is due, but another resource must be Ready first. The run then starts automatically.',
    name: 'waits',
    reason: 'WaitingForDependency',
    prepare: async (ground) => {
      await ground.apply(configMap('waits', ORDERS), sqliteMigration('waits', { dependsOn: [{ name: 'fails' }] }));
    },
  },
];
