// What the strategies see, and how far they may go.
import { DataTypes, type QueryInterface } from 'sequelize';

export async function up({ context: queryInterface }: { context: QueryInterface }): Promise<void> {
  await queryInterface.createTable('signals', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    strategy_id: {
      type: DataTypes.INTEGER,
      allowNull: false,
      references: { model: 'strategies', key: 'id' },
      onDelete: 'CASCADE',
      onUpdate: 'CASCADE',
    },
    instrument_id: {
      type: DataTypes.INTEGER,
      allowNull: false,
      references: { model: 'instruments', key: 'id' },
      onDelete: 'CASCADE',
      onUpdate: 'CASCADE',
    },
    direction: { type: DataTypes.STRING(8), allowNull: false },
    strength: { type: DataTypes.DOUBLE, allowNull: false },
    payload: { type: DataTypes.JSON },
    emitted_at: { type: DataTypes.DATE, allowNull: false },
  });
  await queryInterface.addIndex('signals', ['strategy_id', 'emitted_at'], { name: 'signals_strategy_emitted' });
  await queryInterface.createTable('risk_limits', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    account_id: {
      type: DataTypes.INTEGER,
      allowNull: false,
      references: { model: 'accounts', key: 'id' },
      onDelete: 'CASCADE',
      onUpdate: 'CASCADE',
    },
    name: { type: DataTypes.STRING(40), allowNull: false },
    value: { type: DataTypes.DECIMAL(20, 8), allowNull: false },
    is_enabled: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: true },
  });
  await queryInterface.addIndex('risk_limits', ['account_id', 'name'], {
    name: 'risk_limits_account_name',
    unique: true,
  });
}

export async function down({ context: queryInterface }: { context: QueryInterface }): Promise<void> {
  await queryInterface.dropTable('risk_limits');
  await queryInterface.dropTable('signals');
}
