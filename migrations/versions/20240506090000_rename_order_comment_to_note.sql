-- A trader's note was called a comment, which the exchanges use for something else.

-- +goose Up
-- db-manager:ignore rename-column the services that name it stand still for this release
ALTER TABLE orders RENAME COLUMN comment TO note;

-- +goose Down
ALTER TABLE orders RENAME COLUMN note TO comment;
