from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.execute("INSERT INTO customers (id, name) VALUES (1, 'Ada'), (2, 'Grace');")
    op.execute("INSERT INTO orders (id, customer_id, note) VALUES (1, 1, 'first'), (2, 2, NULL);")


def downgrade():
    op.execute("DELETE FROM orders WHERE id IN (1, 2)")
    op.execute("DELETE FROM customers WHERE id IN (1, 2)")
