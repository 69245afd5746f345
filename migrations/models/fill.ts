import type { Sequelize, DataTypes as Types } from 'sequelize';
import { OPTIONS, reference } from './shared.ts';

export default function defineFill(sequelize: Sequelize, DataTypes: typeof Types) {
  return sequelize.define(
    'Fill',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      orderId: reference(DataTypes, 'orders', 'CASCADE'),
      price: { type: DataTypes.DECIMAL(20, 8), allowNull: false },
      quantity: { type: DataTypes.DECIMAL(20, 8), allowNull: false },
      fee: { type: DataTypes.DECIMAL(20, 8), allowNull: false, defaultValue: 0 },
      feeCurrency: { type: DataTypes.STRING(10), allowNull: false },
      liquidity: { type: DataTypes.STRING(8), allowNull: false },
      executedAt: { type: DataTypes.DATE, allowNull: false },
    },
    { ...OPTIONS, tableName: 'fills', indexes: [{ name: 'fills_order_id', fields: ['order_id'] }] },
  );
}
