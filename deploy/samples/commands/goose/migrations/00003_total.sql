-- +goose Up
ALTER TABLE orders ADD COLUMN total integer;

-- +goose Down
ALTER TABLE orders DROP COLUMN total;
