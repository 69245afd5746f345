-- A trader's note was called a comment, which the exchanges use for something else.

-- +goose Up
ALTER TABLE orders RENAME COLUMN comment TO note;

-- +goose Down
ALTER TABLE orders RENAME COLUMN note TO comment;
