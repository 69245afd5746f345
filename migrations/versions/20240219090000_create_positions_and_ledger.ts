// Where each account stands, and every booking that led there.
import { DataTypes, type QueryInterface } from 'sequelize';

const account = {
  type: DataTypes.INTEGER,
  allowNull: false,
  references: { model: 'accounts', key: 'id' },
  onDelete: 'RESTRICT',
  onUpdate: 'CASCADE',
};

export async function up({ context: queryInterface }: { context: QueryInterface }): Promise<void> {
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
  await queryInterface.addIndex('ledger_entries', ['account_id', 'booked_at'], {
    name: 'ledger_entries_account_booked',
  });
}

export async function down({ context: queryInterface }: { context: QueryInterface }): Promise<void> {
  await queryInterface.dropTable('ledger_entries');
  await queryInterface.dropTable('positions');
}
