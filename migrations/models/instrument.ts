import type { Sequelize, DataTypes as Types } from 'sequelize';
import { OPTIONS } from './shared.ts';

export default function defineInstrument(sequelize: Sequelize, DataTypes: typeof Types) {
  return sequelize.define(
    'Instrument',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      exchange: { type: DataTypes.STRING(40), allowNull: false },
      symbol: { type: DataTypes.STRING(32), allowNull: false },
      baseCurrency: { type: DataTypes.STRING(10), allowNull: false },
      quoteCurrency: { type: DataTypes.STRING(10), allowNull: false },
      tickSize: { type: DataTypes.DECIMAL(20, 8), allowNull: false },
      lotSize: { type: DataTypes.DECIMAL(20, 8), allowNull: false },
      isActive: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: true },
      exchangeSymbol: { type: DataTypes.STRING(32) },
    },
    {
      ...OPTIONS,
      tableName: 'instruments',
      indexes: [{ name: 'instruments_exchange_symbol', unique: true, fields: ['exchange', 'symbol'] }],
    },
  );
}
