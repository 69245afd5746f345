module.exports = class FirstRows1700000000002 {
  async up(runner) {
    await runner.query("INSERT INTO customers (id, name) VALUES (1, 'Ada'), (2, 'Grace');");
    await runner.query("INSERT INTO orders (id, customer_id, note) VALUES (1, 1, 'first'), (2, 2, NULL);");
  }

  async down(runner) {
    await runner.query('DELETE FROM orders WHERE id IN (1, 2)');
    await runner.query('DELETE FROM customers WHERE id IN (1, 2)');
  }
};
