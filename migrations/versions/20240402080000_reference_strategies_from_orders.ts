// An order's strategy has to exist. On SQLite this rebuilds orders, which fills and ledger entries reference.
import type { QueryInterface } from 'sequelize';

export async function up({ context: queryInterface }: { context: QueryInterface }): Promise<void> {
  await queryInterface.sequelize.query(
    'UPDATE orders SET strategy_id = NULL WHERE strategy_id IS NOT NULL AND strategy_id NOT IN (SELECT id FROM strategies)',
  );
  await queryInterface.addConstraint('orders', {
    type: 'foreign key',
    name: 'orders_strategy_id_fkey',
    fields: ['strategy_id'],
    references: { table: 'strategies', field: 'id' },
    onDelete: 'SET NULL',
    onUpdate: 'CASCADE',
  });
}

export async function down({ context: queryInterface }: { context: QueryInterface }): Promise<void> {
  await queryInterface.removeConstraint('orders', 'orders_strategy_id_fkey');
}
