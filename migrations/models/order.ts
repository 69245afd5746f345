import type { Sequelize, DataTypes as Types } from 'sequelize';
import { OPTIONS, reference } from './shared.ts';

export default function defineOrder(sequelize: Sequelize, DataTypes: typeof Types) {
  return sequelize.define(
    'Order',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      accountId: reference(DataTypes, 'accounts', 'RESTRICT'),
      instrumentId: reference(DataTypes, 'instruments', 'RESTRICT'),
      strategyId: reference(DataTypes, 'strategies', 'SET NULL', true),
      clientOrderId: { type: DataTypes.STRING(64), allowNull: false, unique: true },
      side: { type: DataTypes.STRING(4), allowNull: false },
      type: { type: DataTypes.STRING(16), allowNull: false },
      status: { type: DataTypes.STRING(16), allowNull: false, defaultValue: 'new' },
      quantity: { type: DataTypes.DECIMAL(20, 8), allowNull: false },
      limitPrice: { type: DataTypes.DECIMAL(20, 8) },
      filledQuantity: { type: DataTypes.DECIMAL(20, 8), allowNull: false, defaultValue: 0 },
      note: { type: DataTypes.TEXT },
      notional: { type: DataTypes.DECIMAL(30, 8) },
      placedAt: { type: DataTypes.DATE, allowNull: false },
      updatedAt: { type: DataTypes.DATE, allowNull: false },
    },
    {
      ...OPTIONS,
      tableName: 'orders',
      indexes: [{ name: 'orders_account_placed', fields: ['account_id', 'placed_at'] }],
    },
  );
}
