// An order's strategy has to exist. On SQLite this rebuilds orders, which fills and ledger entries reference.
import type { QueryInterface } from 'sequelize';
import type { MigrationParams } from 'umzug';

/**
 * SQLite adds no foreign key to a table that is there: the table is made anew and its rows are copied. With foreign
 * keys on, plain Sequelize deletes every fill by that (ON DELETE CASCADE). db-manager's query interface loses nothing.
 */
export async function up({ context: queryInterface }: MigrationParams<QueryInterface>): Promise<void> {
  // Strategies were deleted in the years without this key; what is left of them are numbers without a meaning.
  await queryInterface.sequelize.query(
    'UPDATE orders SET strategy_id = NULL WHERE strategy_id IS NOT NULL AND strategy_id NOT IN (SELECT id FROM strategies)',
  );
  // db-manager:ignore foreign-key-without-not-valid SQLite has no NOT VALID, and the bot stands still for this release
  await queryInterface.addConstraint('orders', {
    type: 'foreign key',
    name: 'orders_strategy_id_fkey',
    fields: ['strategy_id'],
    references: { table: 'strategies', field: 'id' },
    onDelete: 'SET NULL',
    onUpdate: 'CASCADE',
  });
}

export async function down({ context: queryInterface }: MigrationParams<QueryInterface>): Promise<void> {
  await queryInterface.removeConstraint('orders', 'orders_strategy_id_fkey');
}
