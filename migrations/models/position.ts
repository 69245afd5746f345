import type { Sequelize, DataTypes as Types } from 'sequelize';
import { OPTIONS, reference } from './shared.ts';

export default function definePosition(sequelize: Sequelize, DataTypes: typeof Types) {
  return sequelize.define(
    'Position',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      accountId: reference(DataTypes, 'accounts', 'RESTRICT'),
      instrumentId: reference(DataTypes, 'instruments', 'RESTRICT'),
      quantity: { type: DataTypes.DECIMAL(20, 8), allowNull: false, defaultValue: 0 },
      averagePrice: { type: DataTypes.DECIMAL(20, 8) },
      realisedPnl: { type: DataTypes.DECIMAL(20, 8), allowNull: false, defaultValue: 0 },
      updatedAt: { type: DataTypes.DATE, allowNull: false },
    },
    {
      ...OPTIONS,
      tableName: 'positions',
      indexes: [{ name: 'positions_account_instrument', unique: true, fields: ['account_id', 'instrument_id'] }],
    },
  );
}
