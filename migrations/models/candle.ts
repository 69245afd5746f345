import type { Sequelize, DataTypes as Types } from 'sequelize';
import { OPTIONS } from './shared.ts';

export default function defineCandle(sequelize: Sequelize, DataTypes: typeof Types) {
  return sequelize.define(
    'Candle',
    {
      instrumentId: {
        type: DataTypes.INTEGER,
        allowNull: false,
        primaryKey: true,
        references: { model: 'instruments', key: 'id' },
        onDelete: 'CASCADE',
        onUpdate: 'CASCADE',
      },
      timeframe: { type: DataTypes.STRING(8), allowNull: false, primaryKey: true },
      openedAtMs: { type: DataTypes.BIGINT, allowNull: false, primaryKey: true },
      open: { type: DataTypes.DECIMAL(20, 8), allowNull: false },
      high: { type: DataTypes.DECIMAL(20, 8), allowNull: false },
      low: { type: DataTypes.DECIMAL(20, 8), allowNull: false },
      close: { type: DataTypes.DECIMAL(20, 8), allowNull: false },
      volume: { type: DataTypes.DECIMAL(20, 8), allowNull: false, defaultValue: 0 },
    },
    { ...OPTIONS, tableName: 'candles' },
  );
}
