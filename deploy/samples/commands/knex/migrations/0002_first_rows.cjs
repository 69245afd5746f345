exports.up = async (knex) => {
  await knex('customers').insert([
    { id: 1, name: 'Ada' },
    { id: 2, name: 'Grace' },
  ]);
  await knex('orders').insert([
    { id: 1, customer_id: 1, note: 'first' },
    { id: 2, customer_id: 2, note: null },
  ]);
};

exports.down = async (knex) => {
  await knex('orders').whereIn('id', [1, 2]).del();
  await knex('customers').whereIn('id', [1, 2]).del();
};
