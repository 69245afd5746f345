from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_orders")]
    operations = [
        migrations.RunSQL(
            ["INSERT INTO customers (id, name) VALUES (1, 'Ada'), (2, 'Grace');", "INSERT INTO orders (id, customer_id, note) VALUES (1, 1, 'first'), (2, 2, NULL);"],
            ["DELETE FROM orders WHERE id IN (1, 2)", "DELETE FROM customers WHERE id IN (1, 2)"],
        )
    ]
