import { type DefineModel, OPTIONS, reference } from './types.ts';

export const defineSignal: DefineModel = (sequelize, DataTypes) =>
  sequelize.define(
    'signals',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      strategyId: reference(DataTypes, 'strategies', 'CASCADE'),
      instrumentId: reference(DataTypes, 'instruments', 'CASCADE'),
      direction: { type: DataTypes.STRING(8), allowNull: false },
      strength: { type: DataTypes.DOUBLE, allowNull: false },
      payload: { type: DataTypes.JSON },
      emittedAt: { type: DataTypes.DATE, allowNull: false },
    },
    { ...OPTIONS, indexes: [{ name: 'signals_strategy_emitted', fields: ['strategy_id', 'emitted_at'] }] },
  );
