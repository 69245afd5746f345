/**
 * The trading bot's models: one file each, as sequelize-cli keeps them, in the order in which their tables can be made.
 * They describe the schema at the head of `migrations/versions`; Sequelize has no words for its CHECKs.
 */
import { DataTypes, type Sequelize } from 'sequelize';
import defineAccount from './account.ts';
import defineApiKey from './api-key.ts';
import defineBalance from './balance.ts';
import defineCandle from './candle.ts';
import defineFill from './fill.ts';
import defineInstrument from './instrument.ts';
import defineLedgerEntry from './ledger-entry.ts';
import defineOrder from './order.ts';
import definePosition from './position.ts';
import defineRiskLimit from './risk-limit.ts';
import defineSignal from './signal.ts';
import defineStrategy from './strategy.ts';

const MODELS = [
  defineAccount,
  defineApiKey,
  defineInstrument,
  defineStrategy,
  defineOrder,
  defineFill,
  defineCandle,
  definePosition,
  defineBalance,
  defineLedgerEntry,
  defineSignal,
  defineRiskLimit,
];

/** Defines every model of the trading bot on this instance. */
export function defineModels(sequelize: Sequelize): void {
  for (const define of MODELS) define(sequelize, DataTypes);
}
