import type { Sequelize, DataTypes as Types } from 'sequelize';
import { OPTIONS, reference } from './shared.ts';

export default function defineLedgerEntry(sequelize: Sequelize, DataTypes: typeof Types) {
  return sequelize.define(
    'LedgerEntry',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      accountId: reference(DataTypes, 'accounts', 'RESTRICT'),
      orderId: reference(DataTypes, 'orders', 'SET NULL', true),
      kind: { type: DataTypes.STRING(16), allowNull: false },
      currency: { type: DataTypes.STRING(10), allowNull: false },
      amount: { type: DataTypes.DECIMAL(20, 8), allowNull: false },
      bookedAt: { type: DataTypes.DATE, allowNull: false },
    },
    {
      ...OPTIONS,
      tableName: 'ledger_entries',
      indexes: [
        { name: 'ledger_entries_order', fields: ['order_id'] },
        { name: 'ledger_entries_account_booked', fields: ['account_id', 'booked_at'] },
      ],
    },
  );
}
