import { type DefineModel, OPTIONS } from './types.ts';

export const defineStrategy: DefineModel = (sequelize, DataTypes) =>
  sequelize.define(
    'strategies',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      name: { type: DataTypes.STRING(80), allowNull: false, unique: true },
      version: { type: DataTypes.STRING(20), allowNull: false },
      parameters: { type: DataTypes.JSON },
    },
    OPTIONS,
  );
