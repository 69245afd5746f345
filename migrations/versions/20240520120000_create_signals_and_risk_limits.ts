// What the strategies see, and how far they may go. Written in sequelize-cli's style.
import type { DataTypes, QueryInterface } from 'sequelize';

export async function up(queryInterface: QueryInterface, Sequelize: typeof DataTypes): Promise<void> {
  const parent = (table: string) => ({
    type: Sequelize.INTEGER,
    allowNull: false,
    references: { model: table, key: 'id' },
    onDelete: 'CASCADE',
    onUpdate: 'CASCADE',
  });
  const known = (table: string, column: string, values: string[]) =>
    queryInterface.addConstraint(table, {
      type: 'check',
      name: `${table}_${column}_known`,
      fields: [column],
      where: { [column]: values },
    });

  await queryInterface.createTable('signals', {
    id: { type: Sequelize.INTEGER, primaryKey: true, autoIncrement: true },
    strategy_id: parent('strategies'),
    instrument_id: parent('instruments'),
    direction: { type: Sequelize.STRING(8), allowNull: false },
    strength: { type: Sequelize.DOUBLE, allowNull: false },
    payload: { type: Sequelize.JSON },
    emitted_at: { type: Sequelize.DATE, allowNull: false },
  });
  await known('signals', 'direction', ['long', 'short', 'flat']);
  await queryInterface.addIndex('signals', ['strategy_id', 'emitted_at'], { name: 'signals_strategy_emitted' });

  await queryInterface.createTable('risk_limits', {
    id: { type: Sequelize.INTEGER, primaryKey: true, autoIncrement: true },
    account_id: parent('accounts'),
    kind: { type: Sequelize.STRING(24), allowNull: false },
    value: { type: Sequelize.DECIMAL(20, 8), allowNull: false },
    is_enabled: { type: Sequelize.BOOLEAN, allowNull: false, defaultValue: true },
  });
  await known('risk_limits', 'kind', ['max_order_notional', 'max_position_notional', 'max_daily_loss']);
  await queryInterface.addIndex('risk_limits', ['account_id', 'kind'], {
    name: 'risk_limits_account_kind',
    unique: true,
  });
}

export async function down(queryInterface: QueryInterface): Promise<void> {
  await queryInterface.dropTable('risk_limits');
  await queryInterface.dropTable('signals');
}
