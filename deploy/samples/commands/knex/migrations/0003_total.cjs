exports.up = (knex) => knex.schema.alterTable('orders', (table) => table.integer('total'));

exports.down = (knex) => knex.schema.alterTable('orders', (table) => table.dropColumn('total'));
