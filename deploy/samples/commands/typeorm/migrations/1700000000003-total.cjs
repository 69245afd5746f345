module.exports = class Total1700000000003 {
  async up(runner) {
    await runner.query('ALTER TABLE orders ADD COLUMN total integer;');
  }

  async down(runner) {
    await runner.query('ALTER TABLE orders DROP COLUMN total');
  }
};
