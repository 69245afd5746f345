from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_first_rows")]
    operations = [migrations.AddField("order", "total", models.IntegerField(null=True))]
