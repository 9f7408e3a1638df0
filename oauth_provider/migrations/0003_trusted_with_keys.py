from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("oauth_provider", "0002_project_key_set")]

    operations = [
        migrations.AddField(
            model_name="application",
            name="trusted_with_keys",
            field=models.BooleanField(default=False, verbose_name="trusted with keys"),
        ),
    ]
