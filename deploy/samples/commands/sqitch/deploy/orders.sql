BEGIN;
CREATE TABLE customers (id integer PRIMARY KEY, name varchar(50));
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer NOT NULL REFERENCES customers (id) ON DELETE CASCADE, note varchar(50));
COMMIT;
