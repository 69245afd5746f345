/** A table, and changes of it by hand that a drift check has to find. */
export const DRIFT_TABLE = `-- migrate:up
CREATE TABLE orders (id integer PRIMARY KEY, amount integer NOT NULL CHECK (amount >= 0), note text);
CREATE INDEX orders_amount ON orders (amount);
CREATE VIEW large AS SELECT id FROM orders WHERE amount > 1000;
CREATE TABLE events (at date NOT NULL) PARTITION BY RANGE (at);
`;

export const DRIFT_BY_HAND: [statement: string, found: RegExp][] = [
  ['DROP INDEX orders_amount', /index of orders is missing/],
  ['ALTER TABLE orders ADD COLUMN extra text', /column orders\.extra is not expected/],
  [
    'ALTER TABLE orders DROP CONSTRAINT orders_amount_check, ADD CONSTRAINT orders_amount_check CHECK (amount >= -5)',
    /check of orders is (missing|not expected)/,
  ],
  ['CREATE OR REPLACE VIEW large AS SELECT id FROM orders WHERE amount > 5', /view large: definition/],
];
