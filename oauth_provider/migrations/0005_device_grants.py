import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import oauth_provider.opaque


class Migration(migrations.Migration):
    dependencies = [
        ("oauth_provider", "0004_openid_connect"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # The toolkit's shape, with both codes in clear: nothing was ever stored in it.
        migrations.DeleteModel(name="DeviceGrant"),
        migrations.CreateModel(
            name="DeviceGrant",
            fields=[
                ("digest", models.BinaryField(max_length=32, primary_key=True, serialize=False)),
                ("user_code_digest", models.BinaryField(max_length=32)),
                ("handle", models.CharField(default=oauth_provider.opaque.new_handle, max_length=22, unique=True)),
                ("scope", models.TextField()),
                ("address", models.GenericIPAddressField(null=True)),
                ("interval_seconds", models.PositiveIntegerField()),
                ("polled_at", models.DateTimeField(null=True)),
                ("session_digest", models.BinaryField(max_length=32, null=True)),
                ("credentials_epoch", models.PositiveIntegerField(null=True)),
                ("authenticated_at", models.DateTimeField(null=True)),
                ("family_id", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("approved_at", models.DateTimeField(null=True)),
                ("denied_at", models.DateTimeField(null=True)),
                ("used_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "application",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="device_grants",
                        to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "device grant",
                "indexes": [
                    models.Index(fields=["application", "user"], name="device_by_application"),
                    models.Index(fields=["expires_at"], name="device_by_expiry"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("user_code_digest",), name="device_user_code_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("approved_at__isnull", False), _negated=True),
                            ("denied_at", None),
                            _connector="OR",
                        ),
                        name="device_one_answer",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("approved_at__isnull", False), _negated=True),
                            models.Q(
                                ("authenticated_at__isnull", False),
                                ("credentials_epoch__isnull", False),
                                ("user__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="device_approved_by_a_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("used_at", None), ("approved_at__isnull", False), _connector="OR"),
                        name="device_used_when_approved",
                    ),
                ],
            },
        ),
    ]
