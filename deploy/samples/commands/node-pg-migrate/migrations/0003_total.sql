-- Up Migration
ALTER TABLE orders ADD COLUMN total integer;

-- Down Migration
ALTER TABLE orders DROP COLUMN total;
