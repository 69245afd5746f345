// The accounts that the bot trades on, where their API keys lie, and the instruments that it may trade.
import { DataTypes, type QueryInterface } from 'sequelize';
import type { MigrationParams } from 'umzug';

export async function up({ context: queryInterface }: MigrationParams<QueryInterface>): Promise<void> {
  await queryInterface.createTable('accounts', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    name: { type: DataTypes.STRING(80), allowNull: false, unique: true },
    exchange: { type: DataTypes.STRING(40), allowNull: false },
    base_currency: { type: DataTypes.STRING(10), allowNull: false, defaultValue: 'USDT' },
    is_paper: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false },
    created_at: { type: DataTypes.DATE, allowNull: false },
    updated_at: { type: DataTypes.DATE, allowNull: false },
  });
  await createApiKeys(queryInterface);
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

/** The keys themselves are in a vault; a row contains only the name of the key there and its permissions. */
async function createApiKeys(queryInterface: QueryInterface): Promise<void> {
  await queryInterface.createTable('api_keys', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    account_id: {
      type: DataTypes.INTEGER,
      allowNull: false,
      references: { model: 'accounts', key: 'id' },
      onDelete: 'CASCADE',
      onUpdate: 'CASCADE',
    },
    vault_path: { type: DataTypes.STRING(200), allowNull: false, unique: true },
    scope: { type: DataTypes.STRING(8), allowNull: false, defaultValue: 'read' },
    created_at: { type: DataTypes.DATE, allowNull: false },
    revoked_at: { type: DataTypes.DATE },
  });
  await queryInterface.addConstraint('api_keys', {
    type: 'check',
    name: 'api_keys_scope_known',
    fields: ['scope'],
    where: { scope: ['read', 'trade'] },
  });
  await queryInterface.addIndex('api_keys', ['account_id'], { name: 'api_keys_account' });
}

export async function down({ context: queryInterface }: MigrationParams<QueryInterface>): Promise<void> {
  await queryInterface.dropTable('instruments');
  await queryInterface.dropTable('api_keys');
  await queryInterface.dropTable('accounts');
}
