-- Exchanges write BTC/USDT, btc-usdt and BTCUSDT; from here on it is BTC-USDT, beside the exchange's own spelling.

-- migrate:up
ALTER TABLE instruments ADD COLUMN exchange_symbol VARCHAR(32);
-- db-manager:ignore unbatched-backfill a bot trades a few hundred instruments
-- db-manager:ignore backfill-with-ddl a bot trades a few hundred instruments
UPDATE instruments SET exchange_symbol = symbol;
-- db-manager:ignore unbatched-backfill a bot trades a few hundred instruments
-- db-manager:ignore backfill-with-ddl a bot trades a few hundred instruments
UPDATE instruments SET symbol = upper(base_currency) || '-' || upper(quote_currency);

-- migrate:down
UPDATE instruments SET symbol = exchange_symbol WHERE exchange_symbol IS NOT NULL;
ALTER TABLE instruments DROP COLUMN exchange_symbol;
