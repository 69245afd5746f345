-- Exchanges write BTC/USDT, btc-usdt and BTCUSDT; from here on it is BTC-USDT.
-- migrate:up
UPDATE instruments SET symbol = upper(replace(symbol, '/', '-')) WHERE symbol <> upper(replace(symbol, '/', '-'));

-- migrate:down
UPDATE instruments SET symbol = replace(symbol, '-', '/') WHERE symbol LIKE '%-%';
