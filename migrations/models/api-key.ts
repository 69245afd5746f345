import type { Sequelize, DataTypes as Types } from 'sequelize';
import { OPTIONS, reference } from './shared.ts';

export default function defineApiKey(sequelize: Sequelize, DataTypes: typeof Types) {
  return sequelize.define(
    'ApiKey',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      accountId: reference(DataTypes, 'accounts', 'CASCADE'),
      vaultPath: { type: DataTypes.STRING(200), allowNull: false, unique: true },
      scope: { type: DataTypes.STRING(8), allowNull: false, defaultValue: 'read' },
      createdAt: { type: DataTypes.DATE, allowNull: false },
      revokedAt: { type: DataTypes.DATE },
    },
    { ...OPTIONS, tableName: 'api_keys', indexes: [{ name: 'api_keys_account', fields: ['account_id'] }] },
  );
}
