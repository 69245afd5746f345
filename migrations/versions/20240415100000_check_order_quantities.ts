// No order without a quantity. Written in sequelize-cli's style.
import { Op, type QueryInterface } from 'sequelize';

export async function up(queryInterface: QueryInterface, _sequelize: unknown): Promise<void> {
  await queryInterface.addConstraint('orders', {
    type: 'check',
    name: 'orders_quantity_positive',
    fields: ['quantity'],
    where: { quantity: { [Op.gt]: 0 } },
  });
}

export async function down(queryInterface: QueryInterface, _sequelize: unknown): Promise<void> {
  await queryInterface.removeConstraint('orders', 'orders_quantity_positive');
}
