import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    operations = [
        migrations.CreateModel(
            "Customer",
            [("id", models.AutoField(primary_key=True)), ("name", models.CharField(max_length=50, null=True))],
            {"db_table": "customers"},
        ),
        migrations.CreateModel(
            "Order",
            [
                ("id", models.AutoField(primary_key=True)),
                ("customer", models.ForeignKey("shop.Customer", on_delete=django.db.models.deletion.CASCADE)),
                ("note", models.CharField(max_length=50, null=True)),
            ],
            {"db_table": "orders"},
        ),
    ]
