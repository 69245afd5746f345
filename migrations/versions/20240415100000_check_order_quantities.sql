-- No order without a quantity, and none that is filled beyond it.

-- migrate:up
-- db-manager:ignore check-without-not-valid SQLite has no NOT VALID, and the bot stands still for this release
ALTER TABLE orders ADD CONSTRAINT orders_quantity_positive CHECK (quantity > 0);
-- db-manager:ignore check-without-not-valid as above
ALTER TABLE orders ADD CONSTRAINT orders_filled_within_quantity CHECK (filled_quantity >= 0 AND filled_quantity <= quantity);

-- migrate:down
ALTER TABLE orders DROP CONSTRAINT orders_filled_within_quantity;
ALTER TABLE orders DROP CONSTRAINT orders_quantity_positive;
