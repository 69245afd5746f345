import { type DefineModel, OPTIONS } from './types.ts';

export const defineAccount: DefineModel = (sequelize, DataTypes) =>
  sequelize.define(
    'accounts',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      name: { type: DataTypes.STRING(80), allowNull: false, unique: true },
      exchange: { type: DataTypes.STRING(40), allowNull: false },
      baseCurrency: { type: DataTypes.STRING(10), allowNull: false, defaultValue: 'USDT' },
      isPaper: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false },
      apiKeyReference: { type: DataTypes.STRING(200) },
    },
    { ...OPTIONS, timestamps: true },
  );
