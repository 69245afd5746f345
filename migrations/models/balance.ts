import type { Sequelize, DataTypes as Types } from 'sequelize';
import { OPTIONS, reference } from './shared.ts';

export default function defineBalance(sequelize: Sequelize, DataTypes: typeof Types) {
  return sequelize.define(
    'Balance',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      accountId: reference(DataTypes, 'accounts', 'RESTRICT'),
      currency: { type: DataTypes.STRING(10), allowNull: false },
      total: { type: DataTypes.DECIMAL(20, 8), allowNull: false, defaultValue: 0 },
      available: { type: DataTypes.DECIMAL(20, 8), allowNull: false, defaultValue: 0 },
      updatedAt: { type: DataTypes.DATE, allowNull: false },
    },
    {
      ...OPTIONS,
      tableName: 'balances',
      indexes: [{ name: 'balances_account_currency', unique: true, fields: ['account_id', 'currency'] }],
    },
  );
}
