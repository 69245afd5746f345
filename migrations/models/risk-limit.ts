import type { Sequelize, DataTypes as Types } from 'sequelize';
import { OPTIONS, reference } from './shared.ts';

export default function defineRiskLimit(sequelize: Sequelize, DataTypes: typeof Types) {
  return sequelize.define(
    'RiskLimit',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      accountId: reference(DataTypes, 'accounts', 'CASCADE'),
      kind: { type: DataTypes.STRING(24), allowNull: false },
      value: { type: DataTypes.DECIMAL(20, 8), allowNull: false },
      isEnabled: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: true },
    },
    {
      ...OPTIONS,
      tableName: 'risk_limits',
      indexes: [{ name: 'risk_limits_account_kind', unique: true, fields: ['account_id', 'kind'] }],
    },
  );
}
