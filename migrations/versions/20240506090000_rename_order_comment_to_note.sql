-- +goose Up
ALTER TABLE orders RENAME COLUMN comment TO note;

-- +goose Down
ALTER TABLE orders RENAME COLUMN note TO comment;
