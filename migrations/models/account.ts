import type { Sequelize, DataTypes as Types } from 'sequelize';
import { OPTIONS } from './shared.ts';

export default function defineAccount(sequelize: Sequelize, DataTypes: typeof Types) {
  return sequelize.define(
    'Account',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      name: { type: DataTypes.STRING(80), allowNull: false, unique: true },
      exchange: { type: DataTypes.STRING(40), allowNull: false },
      baseCurrency: { type: DataTypes.STRING(10), allowNull: false, defaultValue: 'USDT' },
      isPaper: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false },
    },
    { ...OPTIONS, tableName: 'accounts', timestamps: true },
  );
}
