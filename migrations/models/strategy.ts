import type { Sequelize, DataTypes as Types } from 'sequelize';
import { OPTIONS } from './shared.ts';

export default function defineStrategy(sequelize: Sequelize, DataTypes: typeof Types) {
  return sequelize.define(
    'Strategy',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      name: { type: DataTypes.STRING(80), allowNull: false, unique: true },
      version: { type: DataTypes.STRING(20), allowNull: false },
      parameters: { type: DataTypes.JSON },
    },
    { ...OPTIONS, tableName: 'strategies' },
  );
}
