exports.up = async (knex) => {
  await knex.schema.createTable('customers', (table) => {
    table.integer('id').primary();
    table.string('name', 50);
  });
  await knex.schema.createTable('orders', (table) => {
    table.integer('id').primary();
    table.integer('customer_id').notNullable().references('customers.id').onDelete('CASCADE');
    table.string('note', 50);
  });
};

exports.down = async (knex) => {
  await knex.schema.dropTable('orders');
  await knex.schema.dropTable('customers');
};
