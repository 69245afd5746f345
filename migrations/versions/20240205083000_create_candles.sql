-- Price history; a candle is known by its instrument, its length and when it opened.
-- Times are milliseconds since 1970, as exchanges send them.

-- migrate:up
CREATE TABLE candles (
  instrument_id INTEGER NOT NULL REFERENCES instruments (id) ON DELETE CASCADE ON UPDATE CASCADE,
  timeframe VARCHAR(8) NOT NULL,
  opened_at_ms BIGINT NOT NULL,
  open DECIMAL(20,8) NOT NULL,
  high DECIMAL(20,8) NOT NULL,
  low DECIMAL(20,8) NOT NULL,
  close DECIMAL(20,8) NOT NULL,
  volume DECIMAL(20,8) NOT NULL DEFAULT 0,
  PRIMARY KEY (instrument_id, timeframe, opened_at_ms),
  CONSTRAINT candles_timeframe_known CHECK (timeframe IN ('1m', '5m', '15m', '1h', '4h', '1d')),
  CONSTRAINT candles_low_to_high CHECK (low <= high)
);

-- migrate:down
DROP TABLE candles;
