-- Price history; a candle is known by its instrument, its length and when it opened.
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
  PRIMARY KEY (instrument_id, timeframe, opened_at_ms)
);

-- migrate:down
DROP TABLE candles;
