import { type DefineModel, OPTIONS, reference } from './types.ts';

export const defineRiskLimit: DefineModel = (sequelize, DataTypes) =>
  sequelize.define(
    'risk_limits',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      accountId: reference(DataTypes, 'accounts', 'CASCADE'),
      name: { type: DataTypes.STRING(40), allowNull: false },
      value: { type: DataTypes.DECIMAL(20, 8), allowNull: false },
      isEnabled: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: true },
    },
    { ...OPTIONS, indexes: [{ name: 'risk_limits_account_name', unique: true, fields: ['account_id', 'name'] }] },
  );
