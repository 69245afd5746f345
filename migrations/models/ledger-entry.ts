import { type DefineModel, OPTIONS, reference } from './types.ts';

export const defineLedgerEntry: DefineModel = (sequelize, DataTypes) =>
  sequelize.define(
    'ledger_entries',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      accountId: reference(DataTypes, 'accounts', 'RESTRICT'),
      orderId: reference(DataTypes, 'orders', 'SET NULL', true),
      kind: { type: DataTypes.STRING(16), allowNull: false },
      currency: { type: DataTypes.STRING(10), allowNull: false },
      amount: { type: DataTypes.DECIMAL(20, 8), allowNull: false },
      bookedAt: { type: DataTypes.DATE, allowNull: false },
    },
    { ...OPTIONS, indexes: [{ name: 'ledger_entries_account_booked', fields: ['account_id', 'booked_at'] }] },
  );
