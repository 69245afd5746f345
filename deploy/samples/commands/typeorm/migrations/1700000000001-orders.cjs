module.exports = class Orders1700000000001 {
  async up(runner) {
    await runner.query('CREATE TABLE customers (id integer PRIMARY KEY, name varchar(50));');
    await runner.query(
      'CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer NOT NULL REFERENCES customers (id) ON DELETE CASCADE, note varchar(50));',
    );
  }

  async down(runner) {
    await runner.query('DROP TABLE orders');
    await runner.query('DROP TABLE customers');
  }
};
