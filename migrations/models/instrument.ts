import { type DefineModel, OPTIONS } from './types.ts';

export const defineInstrument: DefineModel = (sequelize, DataTypes) =>
  sequelize.define(
    'instruments',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      exchange: { type: DataTypes.STRING(40), allowNull: false },
      symbol: { type: DataTypes.STRING(32), allowNull: false },
      baseCurrency: { type: DataTypes.STRING(10), allowNull: false },
      quoteCurrency: { type: DataTypes.STRING(10), allowNull: false },
      tickSize: { type: DataTypes.DECIMAL(20, 8), allowNull: false },
      lotSize: { type: DataTypes.DECIMAL(20, 8), allowNull: false },
      isActive: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: true },
    },
    { ...OPTIONS, indexes: [{ name: 'instruments_exchange_symbol', unique: true, fields: ['exchange', 'symbol'] }] },
  );
