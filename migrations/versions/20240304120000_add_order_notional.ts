// What an order is worth: from its fills where it has some, else from its limit. Filled in batches.
import { DataTypes, type QueryInterface, QueryTypes } from 'sequelize';
import type { MigrationParams } from 'umzug';

const BATCH = 20_000;

export async function up({ context: queryInterface }: MigrationParams<QueryInterface>): Promise<void> {
  const { sequelize } = queryInterface;
  // Wider than a price or a quantity: it is their product.
  await queryInterface.addColumn('orders', 'notional', { type: DataTypes.DECIMAL(30, 8) });
  const [range] = await sequelize.query<{ first: number | null; last: number | null }>(
    'SELECT min(id) AS first, max(id) AS last FROM orders',
    { type: QueryTypes.SELECT },
  );
  for (let from = range?.first ?? 1; from <= (range?.last ?? 0); from += BATCH) {
    await sequelize.query(
      `UPDATE orders SET notional = COALESCE(
         (SELECT sum(fills.price * fills.quantity) FROM fills WHERE fills.order_id = orders.id),
         limit_price * quantity)
       WHERE id >= :from AND id < :to`,
      { replacements: { from, to: from + BATCH } },
    );
  }
}

export async function down({ context: queryInterface }: MigrationParams<QueryInterface>): Promise<void> {
  // Not removeColumn: plain Sequelize rebuilds the table for it on SQLite, and the fills go with the old one.
  await queryInterface.sequelize.query('ALTER TABLE orders DROP COLUMN notional');
}
