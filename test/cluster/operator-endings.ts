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
  {
    title: 'A rule refuses the plan',
    about:
      'A safety rule found an error, and `approval` is `Automatic`: the run stops before the backup. `Safety` has the advice of the rule.',
    name: 'renames',
    reason: 'UnsafePlan',
    prepare: (ground) =>
      two(ground, 'renames', ORDERS, {
        '2_rename.sql':
          '-- migrate:up\nALTER TABLE orders RENAME TO trades;\n-- migrate:down\nALTER TABLE trades RENAME TO orders;\n',
      }),
  },
  {
    title: 'The rehearsal failed',
    about: 'The migration fails on the rows of the restored copy, so it never ran on the database.',
    name: 'fails-on-copy',
    reason: 'RehearsalFailed',
    prepare: (ground) =>
      two(ground, 'fails-on-copy', ORDERS, {
        '2_one_order_a_symbol.sql': up('CREATE UNIQUE INDEX one_order_a_symbol ON orders (symbol);'),
      }),
  },
  {
    title: 'An applied file was edited',
    about:
      'The file differs from the text that was applied. `Stalled` has the command that accepts this edit and no other.',
    name: 'edited',
    reason: 'ChecksumMismatch',
    prepare: (ground) =>
      two(ground, 'edited', ORDERS, { '1_orders.sql': ORDERS['1_orders.sql'].replace("'again'", "'once more'") }),
  },
  {
    title: 'A ConfigMap is missing',
    about: 'No Job is created. The run starts when the ConfigMap exists.',
    name: 'no-files',
    reason: 'ReferenceNotFound',
    prepare: async (ground) => {
      await ground.apply(sqliteMigration('no-files'));
    },
  },
  {
    title: 'A dry run',
    about:
      'With `dryRun: true` the run checks and rehearses, and writes nothing to the database. `Pending` has what would be applied.',
    name: 'tries',
    reason: 'DryRun',
    prepare: async (ground) => {
      await ground.apply(configMap('tries', ORDERS), sqliteMigration('tries'));
      await ground.waitFor('tries', 'Ready');
      // One change starts one run: a second ConfigMap, which nothing reads before.
      await ground.apply(configMap('tries-next', { ...ORDERS, ...POSITIONS }));
      const migrations = { configMaps: [{ name: 'tries-next' }] };
      await ground.apply(sqliteMigration('tries', { dryRun: true, migrations }));
    },
  },
];
