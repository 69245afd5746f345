// Where each account stands, in instruments and in currencies, and every booking that led there.
import { DataTypes, type QueryInterface } from 'sequelize';
import type { MigrationParams } from 'umzug';

const account = {
  type: DataTypes.INTEGER,
  allowNull: false,
  references: { model: 'accounts', key: 'id' },
  onDelete: 'RESTRICT',
  onUpdate: 'CASCADE',
};

export async function up({ context: queryInterface }: MigrationParams<QueryInterface>): Promise<void> {
  await queryInterface.createTable('positions', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    account_id: account,
    instrument_id: {
      type: DataTypes.INTEGER,
      allowNull: false,
      references: { model: 'instruments', key: 'id' },
      onDelete: 'RESTRICT',
      onUpdate: 'CASCADE',
    },
    quantity: { type: DataTypes.DECIMAL(20, 8), allowNull: false, defaultValue: 0 },
    average_price: { type: DataTypes.DECIMAL(20, 8) },
    realised_pnl: { type: DataTypes.DECIMAL(20, 8), allowNull: false, defaultValue: 0 },
    updated_at: { type: DataTypes.DATE, allowNull: false },
  });
  await queryInterface.addIndex('positions', ['account_id', 'instrument_id'], {
    name: 'positions_account_instrument',
    unique: true,
  });
  await queryInterface.createTable('balances', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    account_id: account,
    currency: { type: DataTypes.STRING(10), allowNull: false },
    total: { type: DataTypes.DECIMAL(20, 8), allowNull: false, defaultValue: 0 },
    available: { type: DataTypes.DECIMAL(20, 8), allowNull: false, defaultValue: 0 },
    updated_at: { type: DataTypes.DATE, allowNull: false },
  });
  await queryInterface.addIndex('balances', ['account_id', 'currency'], {
    name: 'balances_account_currency',
    unique: true,
  });
  await createLedger(queryInterface);
}

async function createLedger(queryInterface: QueryInterface): Promise<void> {
  await queryInterface.createTable('ledger_entries', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    account_id: account,
    order_id: {
      type: DataTypes.INTEGER,
      references: { model: 'orders', key: 'id' },
      onDelete: 'SET NULL',
      onUpdate: 'CASCADE',
    },
    kind: { type: DataTypes.STRING(16), allowNull: false },
    currency: { type: DataTypes.STRING(10), allowNull: false },
    amount: { type: DataTypes.DECIMAL(20, 8), allowNull: false },
    booked_at: { type: DataTypes.DATE, allowNull: false },
  });
  await queryInterface.addConstraint('ledger_entries', {
    type: 'check',
    name: 'ledger_entries_kind_known',
    fields: ['kind'],
    where: { kind: ['deposit', 'withdrawal', 'trade', 'fee'] },
  });
  await queryInterface.addIndex('ledger_entries', ['order_id'], { name: 'ledger_entries_order' });
  await queryInterface.addIndex('ledger_entries', ['account_id', 'booked_at'], {
    name: 'ledger_entries_account_booked',
  });
}

export async function down({ context: queryInterface }: MigrationParams<QueryInterface>): Promise<void> {
  await queryInterface.dropTable('ledger_entries');
  await queryInterface.dropTable('balances');
  await queryInterface.dropTable('positions');
}
