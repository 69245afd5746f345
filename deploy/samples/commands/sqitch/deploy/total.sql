BEGIN;
ALTER TABLE orders ADD COLUMN total integer;
COMMIT;
