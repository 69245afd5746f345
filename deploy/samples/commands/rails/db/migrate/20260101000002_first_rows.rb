class FirstRows < ActiveRecord::Migration[6.1]
  def up
    execute "INSERT INTO customers (id, name) VALUES (1, 'Ada'), (2, 'Grace');"
    execute "INSERT INTO orders (id, customer_id, note) VALUES (1, 1, 'first'), (2, 2, NULL);"
  end

  def down
    execute 'DELETE FROM orders WHERE id IN (1, 2)'
    execute 'DELETE FROM customers WHERE id IN (1, 2)'
  end
end
