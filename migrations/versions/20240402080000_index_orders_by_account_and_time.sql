-- The bot asks for an account's latest orders at every tick.

-- migrate:up
-- db-manager:ignore create-index-without-concurrently SQLite has no CONCURRENTLY, and the bot stands still for this release
CREATE INDEX orders_account_placed ON orders (account_id, placed_at);

-- migrate:down
DROP INDEX orders_account_placed;
