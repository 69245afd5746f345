// What the exchange executed of an order; fills go when their order goes.
import { DataTypes, type QueryInterface } from 'sequelize';
import type { MigrationParams } from 'umzug';

export async function up({ context: queryInterface }: MigrationParams<QueryInterface>): Promise<void> {
  await queryInterface.createTable('fills', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    order_id: {
      type: DataTypes.INTEGER,
      allowNull: false,
      references: { model: 'orders', key: 'id' },
      onDelete: 'CASCADE',
      onUpdate: 'CASCADE',
    },
    price: { type: DataTypes.DECIMAL(20, 8), allowNull: false },
    quantity: { type: DataTypes.DECIMAL(20, 8), allowNull: false },
    fee: { type: DataTypes.DECIMAL(20, 8), allowNull: false, defaultValue: 0 },
    fee_currency: { type: DataTypes.STRING(10), allowNull: false },
    liquidity: { type: DataTypes.STRING(8), allowNull: false },
    executed_at: { type: DataTypes.DATE, allowNull: false },
  });
  await queryInterface.addConstraint('fills', {
    type: 'check',
    name: 'fills_liquidity_known',
    fields: ['liquidity'],
    where: { liquidity: ['maker', 'taker'] },
  });
  await queryInterface.addIndex('fills', ['order_id'], { name: 'fills_order_id' });
}

export async function down({ context: queryInterface }: MigrationParams<QueryInterface>): Promise<void> {
  await queryInterface.dropTable('fills');
}
