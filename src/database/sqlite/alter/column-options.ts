import type { ModelAttributeColumnOptions } from 'sequelize';

/** What addColumn and changeColumn take: options of Sequelize, or a type in SQL. */
export type ColumnOptions = ModelAttributeColumnOptions | string;
