// Strategies, and the orders that they place.
import { DataTypes, type QueryInterface } from 'sequelize';
import type { MigrationParams } from 'umzug';

const KNOWN = {
  side: ['buy', 'sell'],
  type: ['limit', 'market', 'stop'],
  status: ['new', 'open', 'partial', 'filled', 'cancelled', 'rejected'],
};

export async function up({ context: queryInterface }: MigrationParams<QueryInterface>): Promise<void> {
  await queryInterface.createTable('strategies', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    name: { type: DataTypes.STRING(80), allowNull: false, unique: true },
    version: { type: DataTypes.STRING(20), allowNull: false },
    parameters: { type: DataTypes.JSON },
  });
  await queryInterface.createTable('orders', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    account_id: {
      type: DataTypes.INTEGER,
      allowNull: false,
      references: { model: 'accounts', key: 'id' },
      onDelete: 'RESTRICT',
      onUpdate: 'CASCADE',
    },
    instrument_id: {
      type: DataTypes.INTEGER,
      allowNull: false,
      references: { model: 'instruments', key: 'id' },
      onDelete: 'RESTRICT',
      onUpdate: 'CASCADE',
    },
    strategy_id: { type: DataTypes.INTEGER },
    client_order_id: { type: DataTypes.STRING(64), allowNull: false, unique: true },
    side: { type: DataTypes.STRING(4), allowNull: false },
    type: { type: DataTypes.STRING(16), allowNull: false },
    status: { type: DataTypes.STRING(16), allowNull: false, defaultValue: 'new' },
    quantity: { type: DataTypes.DECIMAL(20, 8), allowNull: false },
    limit_price: { type: DataTypes.DECIMAL(20, 8) },
    filled_quantity: { type: DataTypes.DECIMAL(20, 8), allowNull: false, defaultValue: 0 },
    comment: { type: DataTypes.TEXT },
    placed_at: { type: DataTypes.DATE, allowNull: false },
    updated_at: { type: DataTypes.DATE, allowNull: false },
  });
  for (const [column, values] of Object.entries(KNOWN)) {
    await queryInterface.addConstraint('orders', {
      type: 'check',
      name: `orders_${column}_known`,
      fields: [column],
      where: { [column]: values },
    });
  }
}

export async function down({ context: queryInterface }: MigrationParams<QueryInterface>): Promise<void> {
  await queryInterface.dropTable('orders');
  await queryInterface.dropTable('strategies');
}
