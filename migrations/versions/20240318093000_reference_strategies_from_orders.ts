// An order's strategy has to exist. On SQLite this rebuilds orders, which fills and ledger entries reference.
import type { QueryInterface } from 'sequelize';
import type { MigrationParams } from 'umzug';

/**
 * SQLite cannot add a foreign key to an existing table, so the table is rebuilt and its rows are copied. With foreign
 * keys on, plain Sequelize then deletes every fill (ON DELETE CASCADE). db-manager's query interface keeps all rows.
 */
export async function up({ context: queryInterface }: MigrationParams<QueryInterface>): Promise<void> {
  // Strategies were deleted while this key was missing; some orders still reference them.
  await queryInterface.sequelize.query(
    'UPDATE orders SET strategy_id = NULL WHERE strategy_id IS NOT NULL AND strategy_id NOT IN (SELECT id FROM strategies)',
  );
  // db-manager:ignore foreign-key-without-not-valid SQLite has no NOT VALID, and the bot is stopped for this release
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
