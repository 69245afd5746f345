import type { DataTypes as Types } from 'sequelize';

/** A foreign key column; what happens to the row when the other one goes is the model's decision. */
export function reference(
  types: typeof Types,
  table: string,
  onDelete: 'RESTRICT' | 'CASCADE' | 'SET NULL',
  allowNull = false,
) {
  return { type: types.INTEGER, allowNull, references: { model: table, key: 'id' }, onDelete, onUpdate: 'CASCADE' };
}

export const OPTIONS = { underscored: true, timestamps: false } as const;
