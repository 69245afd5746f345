--liquibase formatted sql

--changeset sample:1
CREATE TABLE customers (id integer PRIMARY KEY, name varchar(50));
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer NOT NULL REFERENCES customers (id) ON DELETE CASCADE, note varchar(50));
--rollback DROP TABLE orders; DROP TABLE customers;

--changeset sample:2
INSERT INTO customers (id, name) VALUES (1, 'Ada'), (2, 'Grace');
INSERT INTO orders (id, customer_id, note) VALUES (1, 1, 'first'), (2, 2, NULL);
--rollback DELETE FROM orders WHERE id IN (1, 2); DELETE FROM customers WHERE id IN (1, 2);

--changeset sample:3
ALTER TABLE orders ADD COLUMN total integer;
--rollback ALTER TABLE orders DROP COLUMN total;
