/** Twelve migrations as a project has them: tables with rows, indexes, changes that the safety rules find. */
const file = (up: string[], down: string[]) => ['-- migrate:up', ...up, '-- migrate:down', ...down, ''].join('\n');
const table = (name: string, ...columns: string[]) =>
  file([`CREATE TABLE ${name} (id bigint PRIMARY KEY, ${columns.join(', ')});`], [`DROP TABLE ${name};`]);
const column = (name: string, definition: string) =>
  file(
    [`ALTER TABLE ${name} ADD COLUMN ${definition};`],
    [`ALTER TABLE ${name} DROP COLUMN ${definition.split(' ')[0]};`],
  );

export const TWELVE: Record<string, string> = {
  '01_accounts.sql': table('accounts', 'email varchar(200) NOT NULL', 'created timestamp DEFAULT now()'),
  '02_orders.sql': table('orders', 'account_id bigint NOT NULL', 'symbol text NOT NULL', 'price numeric(20, 8)'),
  '03_trades.sql': table('trades', 'order_id bigint NOT NULL REFERENCES orders (id)', 'payload json'),
  '04_seed.sql': file(
    [
      "INSERT INTO accounts SELECT i, 'a' || i || '@example.com' FROM generate_series(1, 50) i;",
      "INSERT INTO orders SELECT i, 1 + i % 50, 'AAPL', i FROM generate_series(1, 500) i;",
    ],
    ['DELETE FROM orders;', 'DELETE FROM accounts;'],
  ),
  '05_email.sql': file(['CREATE UNIQUE INDEX accounts_email ON accounts (email);'], ['DROP INDEX accounts_email;']),
  '06_symbol.sql': file(['CREATE INDEX orders_symbol ON orders (symbol);'], ['DROP INDEX orders_symbol;']),
  '07_note.sql': column('orders', 'note text'),
  '08_state.sql': column('orders', "state text NOT NULL DEFAULT 'open'"),
  '09_owner.sql': file(
    ['ALTER TABLE orders ADD CONSTRAINT orders_account FOREIGN KEY (account_id) REFERENCES accounts (id);'],
    ['ALTER TABLE orders DROP CONSTRAINT orders_account;'],
  ),
  '10_price.sql': file(
    ['ALTER TABLE orders ALTER COLUMN price TYPE numeric(24, 10);'],
    ['ALTER TABLE orders ALTER COLUMN price TYPE numeric(20, 8);'],
  ),
  '11_close.sql': file(["UPDATE orders SET state = 'closed' WHERE id < 250;"], ["UPDATE orders SET state = 'open';"]),
  '12_audit.sql': table('audit', 'at timestamptz DEFAULT now()', 'what text'),
};
