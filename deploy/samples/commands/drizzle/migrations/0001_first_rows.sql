INSERT INTO customers (id, name) VALUES (1, 'Ada'), (2, 'Grace');--> statement-breakpoint
INSERT INTO orders (id, customer_id, note) VALUES (1, 1, 'first'), (2, 2, NULL);
