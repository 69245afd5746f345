-- Up Migration
INSERT INTO customers (id, name) VALUES (1, 'Ada'), (2, 'Grace');
INSERT INTO orders (id, customer_id, note) VALUES (1, 1, 'first'), (2, 2, NULL);

-- Down Migration
DELETE FROM orders WHERE id IN (1, 2);
DELETE FROM customers WHERE id IN (1, 2);
