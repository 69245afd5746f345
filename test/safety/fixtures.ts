/** What the proofs of the lock rules stand on: tables with rows, as they are in use. */
export const GROUND = `
  CREATE TABLE accounts (id bigint PRIMARY KEY, name text);
  CREATE TABLE orders (
    id bigint PRIMARY KEY,
    account_id bigint NOT NULL,
    quantity integer,
    price numeric(10,2),
    note varchar(20),
    exchange_ref text
  );
  CREATE TABLE fills (id bigint, order_id bigint, period int8range);
  CREATE INDEX orders_account ON orders (account_id);
  CREATE MATERIALIZED VIEW daily_volume AS SELECT 1 AS day, 100 AS volume;
  CREATE UNIQUE INDEX daily_volume_day ON daily_volume (day);
  CREATE TABLE candles (day date NOT NULL) PARTITION BY RANGE (day);
  CREATE TABLE candles_2023 PARTITION OF candles FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
  CREATE TABLE candles_2024 (day date NOT NULL);
  CREATE DOMAIN amount AS integer;
  CREATE TABLE ledger (value amount);
  CREATE UNLOGGED TABLE quotes (id bigint);
  CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
  INSERT INTO accounts SELECT n, 'account ' || n FROM generate_series(1, 20) AS n;
  INSERT INTO orders SELECT n, 1 + n % 20, n, n, 'note', 'ref ' || n FROM generate_series(1, 500) AS n;
  INSERT INTO fills SELECT n, n, int8range(n, n + 1) FROM generate_series(1, 500) AS n;
  INSERT INTO candles_2023 SELECT date '2023-01-01' + n FROM generate_series(0, 300) AS n;
  INSERT INTO candles_2024 SELECT date '2024-01-01' + n FROM generate_series(0, 300) AS n;
  INSERT INTO ledger SELECT n FROM generate_series(1, 500) AS n;
  INSERT INTO quotes SELECT n FROM generate_series(1, 500) AS n`;
