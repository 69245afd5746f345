import type { Sequelize, DataTypes as Types } from 'sequelize';
import { OPTIONS, reference } from './shared.ts';

export default function defineSignal(sequelize: Sequelize, DataTypes: typeof Types) {
  return sequelize.define(
    'Signal',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      strategyId: reference(DataTypes, 'strategies', 'CASCADE'),
      instrumentId: reference(DataTypes, 'instruments', 'CASCADE'),
      direction: { type: DataTypes.STRING(8), allowNull: false },
      strength: { type: DataTypes.DOUBLE, allowNull: false },
      payload: { type: DataTypes.JSON },
      emittedAt: { type: DataTypes.DATE, allowNull: false },
    },
    {
      ...OPTIONS,
      tableName: 'signals',
      indexes: [{ name: 'signals_strategy_emitted', fields: ['strategy_id', 'emitted_at'] }],
    },
  );
}
