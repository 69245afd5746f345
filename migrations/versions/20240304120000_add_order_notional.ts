// What an order is worth: from its fills where it has some, else from its limit. Filled in batches.
import { DataTypes, type QueryInterface, QueryTypes } from 'sequelize';

const BATCH = 20_000;

export async function up({ context: queryInterface }: { context: QueryInterface }): Promise<void> {
  await queryInterface.addColumn('orders', 'notional', { type: DataTypes.DECIMAL(30, 8) });
  const [range] = await queryInterface.sequelize.query<{ last: number | null }>('SELECT max(id) AS last FROM orders', {
    type: QueryTypes.SELECT,
  });
  for (let from = 1; from <= (range?.last ?? 0); from += BATCH) {
    await queryInterface.sequelize.query(
      `UPDATE orders SET notional = COALESCE(
         (SELECT sum(fills.price * fills.quantity) FROM fills WHERE fills.order_id = orders.id),
         limit_price * quantity)
       WHERE id >= :from AND id < :to`,
      { replacements: { from, to: from + BATCH } },
    );
  }
}

export async function down({ context: queryInterface }: { context: QueryInterface }): Promise<void> {
  await queryInterface.removeColumn('orders', 'notional');
}
