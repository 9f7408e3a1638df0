"""A partner's day says whether a peak in it was carried on."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("usage", "0003_generations_of_voids")]

    operations = [
        migrations.AddField("partnerday", "is_estimated", models.BooleanField(default=False)),
    ]
