// The accounts that the bot trades on and the instruments that it may trade.
import { DataTypes, type QueryInterface } from 'sequelize';

export async function up({ context: queryInterface }: { context: QueryInterface }): Promise<void> {
  await queryInterface.createTable('accounts', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    name: { type: DataTypes.STRING(80), allowNull: false, unique: true },
    exchange: { type: DataTypes.STRING(40), allowNull: false },
    base_currency: { type: DataTypes.STRING(10), allowNull: false, defaultValue: 'USDT' },
    is_paper: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false },
    // The key itself lies in a vault; this is only its name there.
    api_key_reference: { type: DataTypes.STRING(200) },
    created_at: { type: DataTypes.DATE, allowNull: false },
    updated_at: { type: DataTypes.DATE, allowNull: false },
  });
  await queryInterface.createTable('instruments', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    exchange: { type: DataTypes.STRING(40), allowNull: false },
    symbol: { type: DataTypes.STRING(32), allowNull: false },
    base_currency: { type: DataTypes.STRING(10), allowNull: false },
    quote_currency: { type: DataTypes.STRING(10), allowNull: false },
    tick_size: { type: DataTypes.DECIMAL(20, 8), allowNull: false },
    lot_size: { type: DataTypes.DECIMAL(20, 8), allowNull: false },
    is_active: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: true },
  });
  await queryInterface.addIndex('instruments', ['exchange', 'symbol'], {
    name: 'instruments_exchange_symbol',
    unique: true,
  });
}

export async function down({ context: queryInterface }: { context: QueryInterface }): Promise<void> {
  await queryInterface.dropTable('instruments');
  await queryInterface.dropTable('accounts');
}
