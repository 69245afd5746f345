import { DataTypes, type Sequelize } from 'sequelize';
import { defineAccount } from './account.ts';
import { defineCandle } from './candle.ts';
import { defineFill } from './fill.ts';
import { defineInstrument } from './instrument.ts';
import { defineLedgerEntry } from './ledger-entry.ts';
import { defineOrder } from './order.ts';
import { definePosition } from './position.ts';
import { defineRiskLimit } from './risk-limit.ts';
import { defineSignal } from './signal.ts';
import { defineStrategy } from './strategy.ts';

const MODELS = [
  defineAccount,
  defineInstrument,
  defineStrategy,
  defineOrder,
  defineFill,
  defineCandle,
  definePosition,
  defineLedgerEntry,
  defineSignal,
  defineRiskLimit,
];

/** The trading bot's models, as they should be at the head of `migrations/versions`. */
export function defineModels(sequelize: Sequelize): void {
  for (const define of MODELS) define(sequelize, DataTypes);
}
